import { AriesError } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import { runFolder, stateFolder } from '../dataset/layout.ts';
import { type Dataset, type Manifest, type Replaced, writeManifest } from '../dataset/manifest.ts';
import { checkParts } from './check-parts.ts';
import type { StepContext } from './step-context.ts';

export interface ManifestCommit {
  store: Store;
  /** The step's folder. */
  folder: string;
  manifest: Manifest;
  /** Earlier dataset of the same run, which this one replaces. */
  replaced: Replaced | null;
  context: Pick<StepContext, 'log'>;
}

/**
 * Writes the manifest, and discards the unfinished writes of other attempts at the step. Throws `ATTEMPT_CONFLICT` if another
 * attempt committed first.
 */
export async function commitManifest(commit: ManifestCommit): Promise<Dataset> {
  const { store, folder, manifest, replaced } = commit;
  // Listed before the commit: attempts that wrote these can no longer commit. An attempt that starts later may be replacing this dataset.
  const left = await unfinished(commit);
  const dataset = await writeManifest(store, folder, manifest, replaced);
  if (dataset === null) {
    throw new AriesError(
      'ATTEMPT_CONFLICT',
      `Another attempt at ${manifest.runId} finished first; its dataset is kept`,
      {
        connector: manifest.connector.name,
        hint: 'Run it again to get that dataset.',
      },
    );
  }
  await checkParts(dataset);
  await store.discard(left).catch((error: Error) => {
    commit.context.log.debug(`Cannot remove the unfinished writes of earlier attempts: ${error.message}`);
  });
  return dataset;
}

async function unfinished({ store, folder, manifest, context }: ManifestCommit): Promise<string[]> {
  // A running process may be writing a state file or a plan: if it finds that write discarded, it writes again.
  const places = [`${folder}/`, `${stateFolder(manifest.name)}/`, `${runFolder(manifest)}/plan`];
  try {
    const found = await Promise.all(places.map((place) => store.unfinished(place)));
    return found.flat().flatMap(({ name, ticket }) => (name.includes(manifest.attempt) ? [] : [ticket]));
  } catch (error) {
    context.log.debug(`Cannot list the unfinished writes of earlier attempts: ${(error as Error).message}`);
    return [];
  }
}
