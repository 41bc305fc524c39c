import { isAriesError, type Log } from '@aries-data/sdk';
import { encodeName, type Store } from '@aries-data/stores';
import { z } from 'zod';
import { beyondSchema, instant, stateSchema } from './manifest.ts';
import { count, countsSchema, partKeysFault, partSchema } from './parts.ts';
import { recordOf } from './record-of.ts';
import { recordSchema } from './record-schema.ts';
import { type DocumentKind, sealed, unsealed } from './sealed.ts';

const entrySchema = z.object({
  attempt: z.string(),
  /** Digest of the fingerprint: parts of other inputs are never taken over. */
  fingerprint: z.string(),
  readStart: instant,
  /** The stream was read to its end. */
  complete: z.boolean(),
  /** It went on from another attempt, so its parts are of more than one moment of the source. */
  resumed: z.boolean(),
  position: z.json(),
  parts: z.array(partSchema),
  rejectedParts: z.array(partSchema),
  /** Where the first rejected record came from, and why it was. */
  firstRejected: z.string().nullable(),
  counts: countsSchema,
  undeclared: recordOf(count),
  /** What was inferred so far, stage by stage. */
  inferred: z.array(recordSchema),
  /** The greatest cursor value staged that a state may hold, and the keys that have it. */
  reached: stateSchema.nullable(),
  /** What lies beyond, and how far a state reaches that holds this as well. */
  beyond: beyondSchema.extend({ reached: stateSchema.nullable() }).nullable(),
  /** Numbers the entries of an attempt. */
  sequence: count,
});

/** What of one stream is durable: written after the parts it names, so that a later attempt goes on from here. */
export type JournalEntry = z.output<typeof entrySchema>;

const SUFFIX = '.checkpoint.json';

const kindOf = (stream: string): DocumentKind<JournalEntry> => ({
  name: 'checkpoint',
  schema: entrySchema,
  hint: 'Run the step again with --force to read the stream from its start.',
  compact: true,
  faultOf: (entry) =>
    entry.complete || entry.position !== null ? partKeysFault(stream, entry) : 'it says of no place to go on from',
});

/** Writes one entry under a name of its own; nothing is overwritten. */
export async function writeJournal(store: Store, folder: string, stream: string, entry: JournalEntry): Promise<void> {
  const name = `${entry.attempt}-${String(entry.sequence).padStart(5, '0')}${SUFFIX}`;
  await store.writeIfAbsent(`${folder}/${encodeName(stream)}/${name}`, sealed(kindOf(stream), entry));
}

/**
 * The entry that got furthest of the newest reading with this fingerprint, or `null`. One that is broken is passed over with a warning:
 * what it stands for is read again.
 */
export async function readJournal(options: {
  store: Store;
  folder: string;
  stream: string;
  fingerprint: string;
  log: Log;
}): Promise<JournalEntry | null> {
  const { store, folder, stream, fingerprint } = options;
  let best: JournalEntry | null = null;
  for await (const { key } of store.list(`${folder}/${encodeName(stream)}/`)) {
    if (!key.endsWith(SUFFIX)) continue;
    const entry = await readEntry(key, options);
    if (entry === null || entry.fingerprint !== fingerprint) continue;
    if (best === null || isFurther(entry, best)) best = entry;
  }
  return best;
}

async function readEntry(
  key: string,
  { store, stream, log }: { store: Store; stream: string; log: Log },
): Promise<JournalEntry | null> {
  const bytes = await store.read(key);
  if (bytes === null) return null;
  try {
    return unsealed(kindOf(stream), bytes, store.uriOf(key));
  } catch (error) {
    if (!isAriesError(error) || error.code !== 'DATASET_CORRUPT') throw error;
    log.warn(`${error.message}; what it stands for is read again`, { stream });
    return null;
  }
}

// Attempts that go on from each other have one start. A later one read the source anew, on purpose: what it found is newer.
function isFurther(a: JournalEntry, b: JournalEntry): boolean {
  if (a.readStart !== b.readStart) return a.readStart > b.readStart;
  if (a.complete !== b.complete) return a.complete;
  return a.counts.read > b.counts.read;
}
