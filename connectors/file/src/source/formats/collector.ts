import { type Batch, type Json, type JsonRecord, type ReadItem, rejected, withOrigin } from '@aries-data/sdk';

/** The most records in one batch. */
export const BATCH_RECORDS = 1000;

/** The place where reading resumes: after this many bytes and lines, or after this many records, rejected ones included. */
export type Place = { offset: number; line: number } | { records: number };

const POSITIONS = new WeakMap<Batch, readonly number[]>();

/** Returns the position of each record of a batch that a collector made: its line, or its number in a JSON document. */
export function positionsOf(batch: Batch): readonly number[] | undefined {
  return POSITIONS.get(batch);
}

/** Items read from a file together, and the place where reading resumes after them. */
export interface Group {
  items: ReadItem<JsonRecord, never>[];
  next: Place;
}

/** Collects records and rejections in the order of the file. */
export class Collector {
  /** The number of records so far, including rejected and skipped ones. */
  seen: number;
  /** The number of good records so far, including skipped ones. */
  records = 0;
  /** The number of records collected since the last `take`. */
  size = 0;
  readonly #originAt: (position: number) => string;
  readonly #skip: number;
  #items: ReadItem<JsonRecord, never>[] = [];
  #batch: JsonRecord[] = [];
  #positions: number[] = [];

  /** `originAt` turns a position into an origin; the first `skip` records are skipped. */
  constructor(originAt: (position: number) => string, skip = 0) {
    this.#originAt = originAt;
    this.#skip = skip;
    this.seen = 0;
  }

  add(record: JsonRecord, position: number): void {
    this.records++;
    if (this.seen++ < this.#skip) return;
    this.#batch.push(record);
    this.#positions.push(position);
    this.size++;
    if (this.#batch.length === BATCH_RECORDS) this.#flush();
  }

  /** Adds consecutive records. */
  addAll(records: JsonRecord[], positions: number[]): void {
    for (let i = 0; i < records.length; i++) this.add(records[i]!, positions[i]!);
  }

  reject(reason: string, position: number, record: Json): void {
    if (this.seen++ < this.#skip) return;
    this.#flush();
    this.#items.push(rejected({ reason, origin: this.#originAt(position), record }));
    this.size++;
  }

  /** Returns what was collected and empties the collector. */
  take(): ReadItem<JsonRecord, never>[] {
    this.#flush();
    const items = this.#items;
    this.#items = [];
    this.size = 0;
    return items;
  }

  #flush(): void {
    if (this.#batch.length === 0) return;
    const positions = this.#positions;
    const originAt = this.#originAt;
    const batch: Batch = withOrigin(this.#batch, (index) => originAt(positions[index] ?? 0));
    POSITIONS.set(batch, positions);
    this.#items.push(batch);
    this.#batch = [];
    this.#positions = [];
  }
}
