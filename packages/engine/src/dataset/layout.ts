import { randomBytes } from 'node:crypto';
import { encodeName, type Store } from '@aries-data/stores';

/** Returns the folder of a step: `<name>/<run-id>/<step>[.<partition>]`. The ID of a partition is already encoded. */
export function stepFolder(id: { name: string; runId: string; step: string; partition?: string | undefined }): string {
  const step = encodeName(id.step) + (id.partition === undefined ? '' : `.${id.partition}`);
  return `${runFolder(id)}/${step}`;
}

/** Returns the folder of a run: `<name>/<run-id>`. */
export function runFolder({ name, runId }: { name: string; runId: string }): string {
  return `${encodeName(name)}/${encodeName(runId)}`;
}

/** Returns the folder of a pipeline's state files: `<name>/state`. */
export function stateFolder(name: string): string {
  return `${encodeName(name)}/state`;
}

/** Returns the folder of what the positions of a pipeline's streams refer to: `<name>/kept`. */
export function keptFolder(name: string): string {
  return `${encodeName(name)}/kept`;
}

/** Returns the folder of the receipts of a pipeline's loads: `<name>/loaded`. */
export function receiptFolder(name: string): string {
  return `${encodeName(name)}/loaded`;
}

/** Folders of a pipeline that hold no run. */
const NO_RUNS = new Set(['state', 'loaded', 'kept']);

/** Lists the folders of a pipeline's runs, in any order, without looking into them. */
export async function* runFolders(store: Store, name: string): AsyncGenerator<string> {
  const folder = encodeName(name);
  for await (const run of store.folders(folder)) if (holdsRun(run)) yield `${folder}/${run}`;
}

/** Returns true if a run may have this ID: its folder lies beside those that hold something else. */
export function isRunId(runId: string): boolean {
  return !NO_RUNS.has(encodeName(runId));
}

/** Returns true if the last segment of a folder may be that of a run. */
export function holdsRun(folder: string): boolean {
  return !NO_RUNS.has(folder.slice(folder.lastIndexOf('/') + 1));
}

/** Makes a random ID for an attempt at a step, so that attempts cannot touch each other's parts. */
export function newAttempt(): string {
  return randomBytes(6).toString('hex');
}

/** Makes an ID for a run that has none. IDs sort by time and are unique. */
export function newRunId(now = new Date()): string {
  return `${now.toISOString().replace(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`;
}
