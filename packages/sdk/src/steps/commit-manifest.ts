import { type Dataset, type Manifest, type Replaced, writeManifest } from '../dataset/manifest.ts';
import { AriesError } from '../errors.ts';
import type { Store } from '../stores/store.ts';

/** Writes the manifest, in the place of the one that it replaces. Throws `ATTEMPT_CONFLICT` where another attempt was first. */
export async function commitManifest(
  store: Store,
  folder: string,
  manifest: Manifest,
  replaced: Replaced | null,
): Promise<Dataset> {
  const dataset = await writeManifest(store, folder, manifest, replaced);
  if (dataset !== null) return dataset;
  throw new AriesError('ATTEMPT_CONFLICT', `Another attempt at ${manifest.runId} finished first; its dataset stands`, {
    connector: manifest.connector.name,
    hint: 'Run it again to get that dataset.',
  });
}
