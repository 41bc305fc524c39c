import type { Source } from '@aries-data/sdk';
import { openStore, type Store } from '@aries-data/stores';
import { guarded, type OpenedRole, openRole, type StepContext } from './step-context.ts';
import type { ExtractOptions } from './step-options.ts';

/** Parses the source's config and opens the staging, then runs `work` with both. */
export function withSource<T>(
  context: StepContext,
  { source: use, staging }: Pick<ExtractOptions, 'source' | 'staging'>,
  work: (source: OpenedRole<Source>, store: Store) => Promise<T>,
): Promise<T> {
  return guarded(context, { connector: use.connector.name }, async () => {
    const source = openRole('source', use, context);
    const store = await openStore(staging);
    try {
      return await work(source, store);
    } finally {
      if (typeof staging === 'string') await store.close();
    }
  });
}
