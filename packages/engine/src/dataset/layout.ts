import { randomBytes } from 'node:crypto';
import { encodeName } from '@aries-data/stores';

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

/** Returns the folder of what the positions of a pipeline's streams refer to: `<name>/state/kept`. */
export function keptFolder(name: string): string {
  return `${stateFolder(name)}/kept`;
}

/** Makes a random ID for an attempt at a step, so that attempts cannot touch each other's parts. */
export function newAttempt(): string {
  return randomBytes(6).toString('hex');
}

/** Makes an ID for a run that has none. IDs sort by time and are unique. */
export function newRunId(now = new Date()): string {
  return `${now.toISOString().replace(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`;
}
