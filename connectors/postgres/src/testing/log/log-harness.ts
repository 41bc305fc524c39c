import { csvDecoder } from '@aries-data/formats';
import {
  type ChangeLog,
  type ChangeLogContext,
  type ChangeLogItem,
  fieldsOf,
  type JsonRecord,
  type Log,
  type ReadContext,
  type RecordSchema,
  type Stream,
} from '@aries-data/sdk';
import { changesOf, isCheckpoint, isDeleted, keysOf } from '@aries-data/sdk/internal';
import { noHttp } from '@aries-data/testing';
import { type SourceConfig, sourceConfig } from '../../config.ts';
import type { LogPosition } from '../../log/position.ts';
import { source } from '../../source/source.ts';
import { silent } from '../harness.ts';

/** A change as a test compares it: what was done, and with which record or key. */
export type SeenChange = [op: 'u' | 'd' | 'm' | 't', record?: JsonRecord, unsent?: readonly string[]];

/** What a read of the log brought, by stream. */
export interface SeenChanges {
  changes: Record<string, SeenChange[]>;
  /** Times of the changes, in the same order. */
  times: Record<string, string[]>;
  /** Number of items, and the most changes in one. */
  items: number;
  largest: number;
  checkpoints: { position: LogPosition; caughtUp: boolean }[];
  /** The last checkpoint's. */
  position: LogPosition | undefined;
}

export interface LogReadOptions {
  /** Positions that the targets hold. Default: those to read from. */
  committed?: Record<string, LogPosition>;
  columns?: Record<string, string[]>;
  signal?: AbortSignal;
  log?: Log;
  /** Called with each item. Returns true to end the read. Default: to end at the first checkpoint that has caught up. */
  onItem?(item: ChangeLogItem<LogPosition>, seen: SeenChanges): boolean | undefined | Promise<boolean | undefined>;
}

/** A source in `mode: log`, called as the engine calls it. */
export interface LogSource {
  streams: Record<string, Stream & { schema: RecordSchema; primaryKey: string[] }>;
  first(
    name: string,
    options?: Partial<ReadContext<SourceConfig, LogPosition>> & { concurrency?: number },
  ): Promise<{
    records: JsonRecord[];
    position: LogPosition | undefined;
    parts: number;
  }>;
  read(positions: Record<string, LogPosition>, options?: LogReadOptions): Promise<SeenChanges>;
  released(committed: Record<string, LogPosition>): Promise<void>;
}

export async function logSource(
  url: string,
  config: Partial<SourceConfig> = {},
  log: Log = silent,
): Promise<LogSource> {
  const parsed = sourceConfig.parse({ url, mode: 'log', slot: 'aries_test', ...config });
  const common = { config: parsed, log, http: noHttp };
  const never = new AbortController().signal;
  const streams = (await source.streams({
    ...common,
    signal: never,
    stream: ((one: unknown) => one) as never,
  })) as unknown as LogSource['streams'];
  const contextOf = (name: string): ReadContext<SourceConfig, LogPosition> => ({
    ...common,
    signal: never,
    stream: name,
    window: {},
    primaryKey: streams[name]!.primaryKey,
  });
  const logOf = () =>
    Object.values(streams).find(({ changeLog }) => changeLog !== undefined)!.changeLog as ChangeLog<
      SourceConfig,
      LogPosition
    >;

  return {
    streams,

    async first(name, { concurrency = 1, ...options } = {}) {
      const stream = streams[name]!;
      const fields = fieldsOf(stream.schema).filter((field) => options.columns?.includes(field.name) ?? true);
      const context = { ...contextOf(name), mode: 'full' as const, ...options };
      if (stream.readEncoded === undefined) {
        for await (const _ of stream.read!(context)) break;
        throw new Error('It should have failed');
      }
      const records: JsonRecord[] = [];
      const parts: Promise<void>[] = [];
      let position: LogPosition | undefined;
      // Several at once, as the engine does.
      for await (const { body, done } of stream.readEncoded.open({ ...context, format: 'csv', concurrency })) {
        const chunks: Buffer[] = [];
        parts.push(
          (async () => {
            for await (const chunk of body) chunks.push(Buffer.from(chunk as Buffer));
            for await (const batch of csvDecoder(fields)(chunks as never)) records.push(...(batch as JsonRecord[]));
            const result = await done;
            if (result.position !== undefined) position = result.position as LogPosition;
          })(),
        );
        if (parts.length >= concurrency) await parts.at(-concurrency);
      }
      await Promise.all(parts);
      return { records, position, parts: parts.length };
    },

    async read(positions, { committed = positions, columns = {}, signal = never, log: own = log, onItem } = {}) {
      const seen: SeenChanges = { changes: {}, times: {}, items: 0, largest: 0, checkpoints: [], position: undefined };
      const ctx: ChangeLogContext<SourceConfig, LogPosition> = {
        ...common,
        log: own,
        signal,
        streams: new Map(
          Object.entries(positions).map(([name, position]) => [
            name,
            { ...contextOf(name), signal, mode: 'incremental', position, columns: columns[name] },
          ]),
        ),
        committed: new Map(Object.entries(committed)),
      };
      for await (const item of logOf().read(ctx)) {
        note(seen, item);
        if (onItem === undefined ? isCheckpoint(item) && item.caughtUp === true : (await onItem(item, seen)) === true)
          break;
      }
      return seen;
    },

    async released(committed) {
      await logOf().released!({ ...common, signal: never }, new Map(Object.entries(committed)));
    },
  };
}

function note(seen: SeenChanges, item: ChangeLogItem<LogPosition>): void {
  seen.items++;
  if (isCheckpoint(item)) {
    const { position, caughtUp = false } = item as { position: LogPosition; caughtUp?: boolean };
    seen.checkpoints.push({ position, caughtUp });
    seen.position = position;
    return;
  }
  const { stream, item: one } = item as Exclude<typeof item, { position: unknown }> & { stream: string };
  seen.changes[stream] ??= [];
  seen.times[stream] ??= [];
  const changes = seen.changes[stream];
  const times = seen.times[stream];
  if (isDeleted(one)) {
    const keys = keysOf(one);
    if (keys === 'all') changes.push(['t']);
    else for (const key of keys) changes.push([one.moved === true ? 'm' : 'd', key as JsonRecord]);
    while (times.length < changes.length) times.push(one.at!);
    seen.largest = Math.max(seen.largest, keys.length);
    return;
  }
  const batch = one as readonly JsonRecord[];
  const change = changesOf(batch);
  batch.forEach((record, index) => {
    const { at, unsent, gone } = change?.(index) ?? {};
    if (gone !== undefined) changes.push([gone === 'moved' ? 'm' : 'd', record]);
    else changes.push(unsent === undefined ? ['u', record] : ['u', record, unsent]);
    times.push(at!);
  });
  seen.largest = Math.max(seen.largest, batch.length);
}
