import { isAriesError, type Log } from '@aries-data/sdk';
import { encodeName, type Store } from '@aries-data/stores';
import { z } from 'zod';
import { beyondSchema, cursorStateSchema, instant } from './manifest.ts';
import { count, countsSchema, partKeysFault, partSchema } from './parts.ts';
import { recordOf } from './record-of.ts';
import { recordSchema } from './record-schema.ts';
import { type DocumentKind, sealed, unsealed } from './sealed.ts';

const entrySchema = z.object({
  attempt: z.string(),
  /** Digest of the fingerprint: parts of other inputs are never reused. */
  fingerprint: z.string(),
  readStart: instant,
  /** True if the stream was read to its end. */
  complete: z.boolean(),
  /** True if it resumed another attempt, so its parts were read at different times. */
  resumed: z.boolean(),
  position: z.json(),
  parts: z.array(partSchema),
  rejectedParts: z.array(partSchema),
  /** Origin and reason of the first rejected record. */
  firstRejected: z.string().nullable(),
  counts: countsSchema,
  undeclared: recordOf(count),
  /** Schemas inferred so far, by stage. */
  inferred: z.array(recordSchema),
  /** Greatest staged cursor value that may become state, and its keys. */
  reached: cursorStateSchema.nullable(),
  /** Records beyond it, and the state that includes them. */
  beyond: beyondSchema.extend({ reached: cursorStateSchema.nullable() }).nullable(),
  /** Number of the entry within its attempt. */
  sequence: count,
});

/** Durable progress of a stream, written after the parts it names, so that a later attempt can resume from it. */
export type JournalEntry = z.output<typeof entrySchema>;

const SUFFIX = '.checkpoint.json';

const kindOf = (stream: string): DocumentKind<JournalEntry> => ({
  name: 'checkpoint',
  schema: entrySchema,
  hint: 'Run the step again with --force to read the stream from its start.',
  compact: true,
  faultOf: (entry) =>
    entry.complete || entry.position !== null ? partKeysFault(stream, entry) : 'it has no position to resume from',
});

/** Returns true for the key of an entry. */
export function isCheckpoint(key: string): boolean {
  return key.endsWith(SUFFIX);
}

/** Writes an entry under a unique name. Overwrites nothing. */
export async function writeJournal(store: Store, folder: string, stream: string, entry: JournalEntry): Promise<void> {
  const name = `${entry.attempt}-${String(entry.sequence).padStart(5, '0')}${SUFFIX}`;
  await store.writeIfAbsent(`${folder}/${encodeName(stream)}/${name}`, sealed(kindOf(stream), entry));
}

/**
 * Finds the furthest entry of the newest read with this fingerprint, or `null`. A broken entry is skipped with a warning, and its part of
 * the stream is read again.
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
    if (!isCheckpoint(key)) continue;
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
    log.warn(`${error.message}; its part of the stream is read again`, { stream });
    return null;
  }
}

// Attempts that resume each other share one start. A later start means that the source was read again on purpose, so it is newer.
function isFurther(a: JournalEntry, b: JournalEntry): boolean {
  if (a.readStart !== b.readStart) return a.readStart > b.readStart;
  if (a.complete !== b.complete) return a.complete;
  return a.counts.read > b.counts.read;
}
