import { AriesError, type ReadContext } from '@aries-data/sdk';
import { type Entry, ListWriter, readList } from './file-list.ts';

/** A list of files that can be read any number of times, from its start. */
export type FileList = Iterable<Entry>;

/** Lists of files in staging. */
export interface KeptLists {
  /** Reads a list; one without files for null. */
  read(id: string | null): Promise<FileList>;
  write(list: Buffer): Promise<string>;
}

/** Makes lists from what the engine keeps. The bytes of a list, about ten for each file, are held in memory while it is in use. */
export function keptLists(keep: ReadContext<unknown>['keep']): KeptLists {
  if (keep === undefined) throw new AriesError('BUG', 'An incremental read of files needs a place to keep its lists');
  return {
    async read(id) {
      if (id === null) return [];
      const bytes = await keep.read(id);
      return { [Symbol.iterator]: () => readList(bytes) };
    },
    write: (list) => keep.write(list),
  };
}

/** The files that changed between the listing and their turn. */
export class LeftFiles {
  readonly #lists: KeptLists;
  readonly #earlier: string | undefined;
  readonly #added: Entry[] = [];
  #kept: string | undefined;
  #keptCount = 0;

  /** `earlier` is the list of an interrupted attempt. */
  constructor(lists: KeptLists, earlier: string | undefined) {
    this.#lists = lists;
    this.#earlier = earlier;
    this.#kept = earlier;
  }

  add({ name, version }: Entry): void {
    this.#added.push({ name, version });
  }

  /** Returns all of them, in order of name. */
  async all(): Promise<Entry[]> {
    return [...(this.#earlier === undefined ? [] : await this.#lists.read(this.#earlier)), ...this.#added];
  }

  /** Keeps the list if it has grown. Returns the part of the position that names it. */
  async kept(): Promise<{ left?: string }> {
    if (this.#added.length > this.#keptCount) {
      const list = new ListWriter();
      for (const entry of await this.all()) list.add(entry);
      this.#kept = await this.#lists.write(list.end());
      this.#keptCount = this.#added.length;
    }
    return this.#kept === undefined ? {} : { left: this.#kept };
  }
}
