import { randomBytes } from 'node:crypto';
import { encodeName } from '@aries-data/stores';

/** The folder of one step of a run: `<name>/<run-id>/<step>[.<partition>]`; the id of a partition is encoded as it is. */
export function stepFolder(id: { name: string; runId: string; step: string; partition?: string | undefined }): string {
  const step = encodeName(id.step) + (id.partition === undefined ? '' : `.${id.partition}`);
  return `${runFolder(id)}/${step}`;
}

/** The folder of a run: `<name>/<run-id>`. */
export function runFolder({ name, runId }: { name: string; runId: string }): string {
  return `${encodeName(name)}/${encodeName(runId)}`;
}

/** The folder of a pipeline's state files: `<name>/state`. */
export function stateFolder(name: string): string {
  return `${encodeName(name)}/state`;
}

/** A random id for one try at a step, so that no attempt can touch another's parts. */
export function newAttempt(): string {
  return randomBytes(6).toString('hex');
}

/** A run id for runs that no scheduler named: sorts by time, unlike any other. */
export function newRunId(now = new Date()): string {
  return `${now.toISOString().replace(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`;
}
