import { AriesError } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import { runFolder, stateFolder } from '../dataset/layout.ts';
import { type Dataset, type Manifest, type Replaced, writeManifest } from '../dataset/manifest.ts';
import type { StepContext } from './step-context.ts';

export interface ManifestCommit {
  store: Store;
  /** The step's folder. */
  folder: string;
  manifest: Manifest;
  /** What was made of the same run before, which this takes the place of. */
  replaced: Replaced | null;
  context: Pick<StepContext, 'log'>;
}

/**
 * Writes the manifest, in the place of the one that it replaces, and discards what other attempts at the step have left unfinished.
 * Throws `ATTEMPT_CONFLICT` where another attempt was first.
 */
export async function commitManifest(commit: ManifestCommit): Promise<Dataset> {
  const { store, folder, manifest, replaced } = commit;
  // Listed before the commit: whoever wrote it can commit no more. An attempt that begins later may be making the dataset anew.
  const left = await unfinished(commit);
  const dataset = await writeManifest(store, folder, manifest, replaced);
  if (dataset === null) {
    throw new AriesError(
      'ATTEMPT_CONFLICT',
      `Another attempt at ${manifest.runId} finished first; its dataset stands`,
      {
        connector: manifest.connector.name,
        hint: 'Run it again to get that dataset.',
      },
    );
  }
  await store.discard(left).catch((error: Error) => {
    commit.context.log.debug(`What dead attempts have left cannot be removed: ${error.message}`);
  });
  return dataset;
}

async function unfinished({ store, folder, manifest, context }: ManifestCommit): Promise<string[]> {
  // Of state files and plans a living process may be writing one: what it finds gone, it writes again.
  const places = [`${folder}/`, `${stateFolder(manifest.name)}/`, `${runFolder(manifest)}/plan`];
  try {
    const found = await Promise.all(places.map((place) => store.unfinished(place)));
    return found.flat().flatMap(({ name, ticket }) => (name.includes(manifest.attempt) ? [] : [ticket]));
  } catch (error) {
    context.log.debug(`What dead attempts have left cannot be listed: ${(error as Error).message}`);
    return [];
  }
}
