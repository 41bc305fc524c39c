import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NewFiles } from '../report/new-files.ts';
import type { Session } from '../session.ts';
import { checkConnectorName } from './check-name.ts';
import { chooseTemplate, type TemplateFlags } from './choose-template.ts';
import { CONNECTOR_TEMPLATES, type ConnectorTemplate, connectorFiles } from './connector-files.ts';
import { writeLockFile } from './lock-file.ts';
import { type Place, placeFor } from './place.ts';
import { loadTemplates } from './templates.ts';
import { writeFiles } from './write-files.ts';

/** Creates the package of a new connector and returns the next commands. `from` is the current folder. */
export async function newConnector(
  name: string,
  flags: TemplateFlags,
  { ask, signal, log, from }: Pick<Session, 'ask' | 'signal' | 'log'> & { from: string },
): Promise<NewFiles> {
  checkConnectorName(name, from, dirname(fileURLToPath(import.meta.url)));
  const template = await chooseTemplate(flags, ask);
  const place = placeFor('connectors', name, from);
  const isOurs = place.repository !== undefined;
  const files = connectorFiles(name, template, loadTemplates(), isOurs);
  await writeFiles(place, files, flags.yes === true ? undefined : ask);
  const locked = isOurs ? undefined : await writeLockFile(place.folder, signal);
  signal.throwIfAborted();
  if (locked !== undefined) {
    log.warn(`No package-lock.json was written: ${locked}`, {
      hint: 'npm install writes it once npm can find the packages.',
    });
  }
  return {
    ok: true,
    name,
    template,
    folder: place.folder,
    files: Object.keys(files).sort(),
    lockFile: !isOurs && locked === undefined,
    next: nextCommands(place, name, CONNECTOR_TEMPLATES[template]),
  };
}

function nextCommands({ shown, repository }: Place, name: string, { firstRead }: ConnectorTemplate): string[] {
  const staged = `--staging .aries/staging --name ${name} --run-id first`;
  if (repository === undefined) {
    return [
      `cd ${shown} && npm install`,
      'npm test',
      firstRead === undefined ? 'npx aries test' : `npx aries extract ${firstRead} ${staged}`,
    ];
  }
  const folder = `connectors/${name}`;
  const commands = [
    'npx --yes pnpm@12 install',
    `npx --yes pnpm@12 exec vitest run ${folder}`,
    // The fast tests of the repository leave out the conformance suites.
    `npx aries test ./${folder}`,
  ];
  if (firstRead === undefined) return commands;
  const sample = firstRead.replace('example/', `${folder}/example/`);
  return [...commands, `npx aries extract ./${folder} ${sample} ${staged}`];
}
