import { type Batch, type Json, type JsonRecord, type ReadItem, rejected, withOrigin } from '@aries-data/sdk';

/** Records of one batch at most. */
export const BATCH_RECORDS = 1000;

/** Where reading goes on: behind so many bytes and lines, or behind so many records, good and rejected ones. */
export type Place = { offset: number; line: number } | { records: number };

/** What was read of a file together, and where to go on after it. */
export interface Group {
  items: ReadItem<JsonRecord, never>[];
  next: Place;
}

/** Gathers records and rejections in the order of the file. */
export class Collector {
  /** Records so far, good and rejected ones, those passed over included. */
  seen: number;
  /** Records so far that are good, those passed over included. */
  records = 0;
  /** Records gathered since they were last taken. */
  size = 0;
  readonly #originAt: (position: number) => string;
  readonly #skip: number;
  #items: ReadItem<JsonRecord, never>[] = [];
  #batch: JsonRecord[] = [];
  #positions: number[] = [];

  /** `position` is whatever `originAt` makes an origin of; the first `skip` records are passed over. */
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

  /** Adds records that lie together. */
  addAll(records: JsonRecord[], positions: number[]): void {
    for (let i = 0; i < records.length; i++) this.add(records[i]!, positions[i]!);
  }

  reject(reason: string, position: number, record: Json): void {
    if (this.seen++ < this.#skip) return;
    this.#flush();
    this.#items.push(rejected({ reason, origin: this.#originAt(position), record }));
    this.size++;
  }

  /** What was gathered; the collector begins anew. */
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
    this.#items.push(batch);
    this.#batch = [];
    this.#positions = [];
  }
}
