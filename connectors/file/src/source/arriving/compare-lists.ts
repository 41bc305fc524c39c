import { compareNames } from '../locations/compare-names.ts';
import type { Listed } from '../locations/listed.ts';
import { type Entry, ListWriter, versionDigest } from './file-list.ts';

/** A file to read. */
export interface Pending extends Entry {
  /** True if an earlier version of it was read before. */
  changed: boolean;
}

/** What a listing holds, compared with the files known so far. */
export interface Found {
  /** The list of all files that are known once the read has ended. */
  list: Buffer;
  /** The number of files in the list. */
  count: number;
  /** The numbers of files to read, and of those among them that have changed. */
  pending: number;
  changed: number;
  /** The number of known files that are not there any more. */
  vanished: number;
  /** The number of files that are not settled, and the first of their names. */
  waiting: number;
  firstWaiting: string[];
}

const SHOWN_NAMES = 5;

/**
 * Merges a listing with the known files, both in order of name, in one pass. A file that is not settled stays as it was known, or unknown,
 * and a known file that is not listed is forgotten.
 */
export async function compareListing(
  listing: AsyncIterable<readonly Listed[]>,
  known: Iterable<Entry>,
): Promise<Found> {
  const list = new ListWriter();
  const before = new Ahead(known);
  const found = { pending: 0, changed: 0, vanished: 0, waiting: 0, firstWaiting: [] as string[] };
  for await (const files of listing) {
    for (const { name, version, settled } of files) {
      found.vanished += before.skipTo(name);
      const earlier = before.take(name);
      const digest = versionDigest(version);
      if (earlier?.version === digest) {
        list.add(earlier);
      } else if (settled) {
        list.add({ name, version: digest });
        found.pending++;
        if (earlier !== undefined) found.changed++;
      } else {
        if (earlier !== undefined) list.add(earlier);
        if (found.waiting++ < SHOWN_NAMES) found.firstWaiting.push(name);
      }
    }
  }
  found.vanished += before.skipTo(undefined);
  return { ...found, list: list.end(), count: list.count };
}

/** Yields the files of `found` that `known` does not hold in this version. */
export function* pendingOf(known: Iterable<Entry>, found: Iterable<Entry>): Generator<Pending, undefined> {
  const before = new Ahead(known);
  for (const entry of found) {
    before.skipTo(entry.name);
    const earlier = before.take(entry.name);
    if (earlier?.version !== entry.version) yield { ...entry, changed: earlier !== undefined };
  }
}

/** Says of each file whether a listing still has it; without a listing, all are taken to be there. */
export async function* whetherListed(
  pending: Iterable<Pending>,
  listing: AsyncIterable<readonly Listed[]> | undefined,
): AsyncGenerator<Pending & { isListed: boolean }, undefined> {
  if (listing === undefined) {
    for (const file of pending) yield { ...file, isListed: true };
    return;
  }
  const files = pending[Symbol.iterator]();
  let next = files.next();
  for await (const listed of listing) {
    for (const { name } of listed) {
      for (; next.done !== true && compareNames(next.value.name, name) < 0; next = files.next()) {
        yield { ...next.value, isListed: false };
      }
      if (next.done === true) return;
      if (next.value.name !== name) continue;
      yield { ...next.value, isListed: true };
      next = files.next();
    }
  }
  for (; next.done !== true; next = files.next()) yield { ...next.value, isListed: false };
}

/** Makes `found` without the files that could not be read: they stay as they were known, or unknown. */
export function withoutLeft(known: Iterable<Entry>, found: Iterable<Entry>, left: Iterable<Entry>): Buffer {
  const list = new ListWriter();
  const before = new Ahead(known);
  const out = new Ahead(left);
  for (const entry of found) {
    before.skipTo(entry.name);
    out.skipTo(entry.name);
    const earlier = before.take(entry.name);
    const kept = out.take(entry.name) === undefined ? entry : earlier;
    if (kept !== undefined) list.add(kept);
  }
  return list.end();
}

/** Goes through entries in order of name, beside another list. */
class Ahead {
  readonly #entries: Iterator<Entry>;
  #next: Entry | undefined;

  constructor(entries: Iterable<Entry>) {
    this.#entries = entries[Symbol.iterator]();
    this.#advance();
  }

  /** Goes to the first entry that does not come before `name`, or to the end. Returns how many it has passed. */
  skipTo(name: string | undefined): number {
    let passed = 0;
    while (this.#next !== undefined && (name === undefined || compareNames(this.#next.name, name) < 0)) {
      this.#advance();
      passed++;
    }
    return passed;
  }

  /** Takes the next entry if it has this name. */
  take(name: string): Entry | undefined {
    const next = this.#next;
    if (next?.name !== name) return undefined;
    this.#advance();
    return next;
  }

  #advance(): void {
    const { done, value } = this.#entries.next();
    this.#next = done === true ? undefined : value;
  }
}
