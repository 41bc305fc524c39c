import { isAriesError } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import type { StepContext } from './step-context.ts';

/**
 * Deletes what an attempt has written if it found nothing to do: there is nothing to resume. A pipeline that looks for new records every
 * ten seconds would otherwise leave a run behind each time. A failure to delete is only logged.
 */
export async function discardIfNothing(
  error: unknown,
  { store, folder, context }: { store: Store; folder: string; context: Pick<StepContext, 'attempt' | 'log'> },
): Promise<void> {
  if (!isAriesError(error) || error.code !== 'NOTHING_TO_DO') return;
  try {
    const objects = await Array.fromAsync(store.list(`${folder}/`));
    const isOwn = (key: string) => key.slice(key.lastIndexOf('/') + 1).startsWith(`${context.attempt}-`);
    const own = objects.map(({ key }) => key).filter(isOwn);
    if (own.length > 0) await store.remove(own);
  } catch (failure) {
    context.log.debug(`Cannot delete what an attempt without records has written: ${(failure as Error).message}`);
  }
}
