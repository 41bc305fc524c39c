import { AriesError } from '@aries-data/sdk';
import { type Dataset, withdrawManifest } from '../dataset/manifest.ts';

/** An attempt that has lasted less cannot have lost parts: nothing is deleted within ten minutes after its load. */
const SHORT_MS = 5 * 60_000;

/**
 * Checks that the parts of a dataset that was just committed are there. If an attempt sleeps, another one may finish the same run, load
 * it and delete it; the manifest of the first would then name parts that are gone. Takes the manifest back and throws
 * `ATTEMPT_CONFLICT` if so.
 */
export async function checkParts(dataset: Dataset): Promise<void> {
  const { store, folder, manifest } = dataset;
  const parts = Object.values(manifest.streams).flatMap((stream) => [...stream.parts, ...stream.rejectedParts]);
  const isOwn = ({ key }: { key: string }) => key.slice(key.lastIndexOf('/') + 1).startsWith(manifest.attempt);
  if (Date.now() - Date.parse(manifest.readStart) < SHORT_MS && parts.every(isOwn)) return;
  const missing = new Set(parts.map(({ key }) => `${folder}/${key}`));
  for await (const { key } of store.list(`${folder}/`)) missing.delete(key);
  if (missing.size === 0) return;
  await withdrawManifest(dataset);
  throw new AriesError(
    'ATTEMPT_CONFLICT',
    `Parts of ${manifest.runId} were deleted while it was made: another attempt was finished, loaded and deleted meanwhile`,
    { connector: manifest.connector.name, hint: 'Run it again with a new run id, which reads what is new since then.' },
  );
}
