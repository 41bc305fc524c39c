import { compareNames } from './compare-names.ts';
import type { Listed } from './listed.ts';

const LISTED_TOGETHER = 1000;

/** Merges listings, each in order of name, into one in which each name occurs once. */
export async function* mergeListings(listings: readonly AsyncIterable<readonly Listed[]>[]): AsyncGenerator<Listed[]> {
  const heads = await Promise.all(listings.map((listing) => Head.of(listing)));
  let files: Listed[] = [];
  try {
    for (;;) {
      const first = firstOf(heads);
      if (first === undefined) break;
      for (const head of heads) if (head.file?.name === first.name) await head.advance();
      files.push(first);
      if (files.length < LISTED_TOGETHER) continue;
      yield files;
      files = [];
    }
  } finally {
    for (const head of heads) await head.close();
  }
  yield files;
}

function firstOf(heads: readonly Head[]): Listed | undefined {
  let first: Listed | undefined;
  for (const { file } of heads) {
    if (file !== undefined && (first === undefined || compareNames(file.name, first.name) < 0)) first = file;
  }
  return first;
}

/** The next file of a listing. */
class Head {
  readonly #batches: AsyncIterator<readonly Listed[]>;
  #batch: readonly Listed[] = [];
  #at = 0;

  private constructor(batches: AsyncIterator<readonly Listed[]>) {
    this.#batches = batches;
  }

  static async of(listing: AsyncIterable<readonly Listed[]>): Promise<Head> {
    const head = new Head(listing[Symbol.asyncIterator]());
    await head.#fill();
    return head;
  }

  get file(): Listed | undefined {
    return this.#batch[this.#at];
  }

  async advance(): Promise<void> {
    this.#at++;
    await this.#fill();
  }

  async close(): Promise<void> {
    await this.#batches.return?.();
  }

  async #fill(): Promise<void> {
    while (this.#at === this.#batch.length) {
      const { done, value } = await this.#batches.next();
      if (done === true) return;
      this.#batch = value;
      this.#at = 0;
    }
  }
}
