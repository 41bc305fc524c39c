import { createHash } from 'node:crypto';
import { AriesError, type Keep, type Log, type ReadContext } from '@aries-data/sdk';
import { noHttp } from '@aries-data/testing';
import { type SourceConfig, sourceConfig } from '../config.ts';
import type { ArrivingPosition } from '../source/arriving/arriving-position.ts';
import { readArriving } from '../source/arriving/read-arriving.ts';
import { silent } from './read.ts';

/** Keeps bytes in memory, as the engine keeps them in staging. */
export function memoryKeep(): Keep & { kept: Map<string, Buffer>; writes: number; reads: number } {
  const kept = new Map<string, Buffer>();
  return {
    kept,
    writes: 0,
    reads: 0,
    async write(bytes) {
      const id = `${String(this.writes++).padStart(12, '0')}-${createHash('sha256').update(bytes).digest('hex')}`;
      kept.set(id, Buffer.from(bytes));
      return id;
    },
    async read(id) {
      this.reads++;
      const bytes = kept.get(id);
      if (bytes !== undefined) return bytes;
      throw new AriesError('DATASET_CORRUPT', `${id} is missing`);
    },
  };
}

/** One incremental read. */
export interface ArrivingRead {
  records: unknown[];
  /** The positions, each with the number of records before it. */
  checkpoints: { position: ArrivingPosition; after: number }[];
  /** The last position: the state of the stream. */
  position: ArrivingPosition | undefined;
  /** What was reported to the engine's rules about appending. */
  inputs: { items: string[] | undefined; changed: readonly string[] } | undefined;
  log: string[];
}

export interface ArrivingOptions {
  keep: Keep;
  position?: ArrivingPosition | undefined;
  /** Called before each item is taken. */
  before?: (records: number) => Promise<void>;
  signal?: AbortSignal;
}

/** Reads what is new, as the engine does. */
export async function arriving(
  config: Partial<SourceConfig> & { url: string | string[] },
  { keep, position, before, signal = new AbortController().signal }: ArrivingOptions,
): Promise<ArrivingRead> {
  const read: ArrivingRead = { records: [], checkpoints: [], position, inputs: undefined, log: [] };
  const note = (message: string) => void read.log.push(message);
  const log: Log = { ...silent, info: note, warn: note };
  const ctx: ReadContext<SourceConfig, ArrivingPosition> = {
    config: sourceConfig.parse({ incremental: true, settle: '0s', ...config }),
    log,
    http: noHttp,
    signal,
    stream: 'records',
    mode: 'incremental',
    window: {},
    primaryKey: [],
    keep,
    run: { id: 'run', startedAt: '2026-11-29T10:00:00.000Z' },
    inputs: (items, changed = []) => {
      read.inputs = { items: items?.map(({ name }) => name), changed };
    },
    ...(position === undefined ? {} : { position }),
  };
  const items = readArriving(ctx);
  for (;;) {
    await before?.(read.records.length);
    const { done, value: item } = await items.next();
    if (done === true) return read;
    if (Array.isArray(item)) read.records.push(...item);
    else if ('position' in item) {
      read.position = item.position;
      read.checkpoints.push({ position: item.position, after: read.records.length });
    }
  }
}
