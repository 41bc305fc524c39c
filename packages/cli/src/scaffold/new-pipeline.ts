import type { NewFiles } from '../report/new-files.ts';
import type { Session } from '../session.ts';
import { checkName } from './check-name.ts';
import { writeLockFile } from './lock-file.ts';
import { pipelineFiles } from './pipeline-files.ts';
import { placeFor } from './place.ts';
import { loadTemplates } from './templates.ts';
import { writeFiles } from './write-files.ts';

/** Creates a new pipeline and returns the next commands. `from` is the current folder. */
export async function newPipeline(
  name: string,
  { yes }: { yes?: boolean | undefined },
  { ask, signal, log, from }: Pick<Session, 'ask' | 'signal' | 'log'> & { from: string },
): Promise<NewFiles> {
  checkName(name);
  const place = placeFor('examples', name, from);
  const isOurs = place.repository !== undefined;
  const files = pipelineFiles(name, loadTemplates(), isOurs);
  await writeFiles(place, files, yes === true ? undefined : ask);
  const locked = isOurs ? undefined : await writeLockFile(place.folder, signal);
  signal.throwIfAborted();
  if (locked !== undefined) {
    log.warn(`No package-lock.json was written: ${locked}`, {
      hint: 'npm install writes it once npm can find the packages.',
    });
  }
  const dataset = `.aries/staging/${name}/first/extract`;
  return {
    ok: true,
    name,
    folder: place.folder,
    files: Object.keys(files).sort(),
    lockFile: !isOurs && locked === undefined,
    next: isOurs
      ? [
          `npx aries run examples/${name}/pipeline.yaml --dry-run`,
          `npx aries run examples/${name}/pipeline.yaml --run-id first`,
          `npx aries dataset head ${dataset}`,
        ]
      : [
          `cd ${place.shown} && npm install`,
          'npx aries run pipeline.yaml --run-id first',
          `npx aries dataset head ${dataset}`,
        ],
  };
}
