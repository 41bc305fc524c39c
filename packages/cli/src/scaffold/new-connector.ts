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
  const aries = repository === undefined ? 'npx aries' : 'npx aries';
  const own = repository === undefined ? '' : ` ./connectors/${name}`;
  const staged = `--staging .aries/staging --name ${name} --run-id first`;
  const sample = repository === undefined ? firstRead : firstRead?.replace('example/', `connectors/${name}/example/`);
  return [
    repository === undefined ? `cd ${shown} && npm install` : 'npx --yes pnpm@12 install',
    repository === undefined ? 'npm test' : `npx --yes pnpm@12 exec vitest run connectors/${name}`,
    sample === undefined ? `${aries} test${own}` : `${aries} extract${own} ${sample} ${staged}`,
  ];
}
