import type { Json, RecordSchema } from '../schema.ts';
import type { StreamState } from '../state.ts';
import type { Store } from '../stores/store.ts';
import { encodeName } from './layout.ts';
import type { Counts, Part } from './manifest.ts';

/** What of one stream is durable: written after the parts it names, so that a later attempt goes on from here. */
export interface JournalEntry {
  attempt: string;
  /** Digest of the fingerprint: parts of other inputs are never taken over. */
  fingerprint: string;
  readStart: string;
  /** The stream was read to its end. */
  complete: boolean;
  /** It went on from another attempt, so its parts are of more than one moment of the source. */
  resumed: boolean;
  position: Json;
  parts: Part[];
  rejectedParts: Part[];
  /** Where the first rejected record came from, and why it was. */
  firstRejected: string | null;
  counts: Counts;
  undeclared: Record<string, number>;
  /** What was inferred so far, stage by stage. */
  inferred: RecordSchema[];
  /** The greatest cursor value staged, and the keys that have it. */
  reached: StreamState | null;
  /** Numbers the entries of an attempt. */
  sequence: number;
}

const SUFFIX = '.checkpoint.json';

/** Writes one entry under a name of its own; nothing is overwritten. */
export async function writeJournal(store: Store, folder: string, stream: string, entry: JournalEntry): Promise<void> {
  const name = `${entry.attempt}-${String(entry.sequence).padStart(5, '0')}${SUFFIX}`;
  await store.writeIfAbsent(`${folder}/${encodeName(stream)}/${name}`, Buffer.from(JSON.stringify(entry)));
}

/** The entry that got furthest of the newest reading with this fingerprint, or `null`. */
export async function readJournal(
  store: Store,
  folder: string,
  stream: string,
  fingerprint: string,
): Promise<JournalEntry | null> {
  let best: JournalEntry | null = null;
  for await (const { key } of store.list(`${folder}/${encodeName(stream)}/`)) {
    if (!key.endsWith(SUFFIX)) continue;
    const entry = JSON.parse((await store.read(key))?.toString() ?? 'null') as JournalEntry | null;
    if (entry === null || entry.fingerprint !== fingerprint) continue;
    if (best === null || isFurther(entry, best)) best = entry;
  }
  return best;
}

// Attempts that go on from each other have one start. A later one read the source anew, on purpose: what it found is newer.
function isFurther(a: JournalEntry, b: JournalEntry): boolean {
  if (a.readStart !== b.readStart) return a.readStart > b.readStart;
  if (a.complete !== b.complete) return a.complete;
  return a.counts.read > b.counts.read;
}
