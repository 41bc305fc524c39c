import type { ChangeLog, ConnectorContext, ReadContext } from '@aries-data/sdk';
import { isCheckpoint } from '@aries-data/sdk/internal';
import { fromAuthor } from '../step/author-errors.ts';
import type { SelectedStream } from '../step/select-streams.ts';
import { endReading, type ReadBounds } from './end-reading.ts';

/** Items that may wait for one stream. Batches are some hundred records each: records that wait for long outlive V8's young generation. */
const MOST_WAITING = 2;

/** One stream of a change log that several are read from. */
export interface SharedStream {
  /** Returns the stream's items. Reading begins once all streams have joined, or left. */
  join(ctx: ReadContext<unknown, unknown>): AsyncIterable<unknown>;
  /** Says that the stream needs no items (any more). */
  leave(): void;
}

export interface SharedLogOptions {
  log: ChangeLog;
  ctx: ConnectorContext<unknown>;
  connector: string;
  streams: readonly SelectedStream[];
  bounds: ReadBounds;
  /** Positions that the targets hold, of all streams of the pipeline. */
  committed: ReadonlyMap<string, unknown>;
}

/** Reads a change log once, and hands each item to its stream. Checkpoints go to all streams. */
export function createSharedLog(options: SharedLogOptions): (stream: SelectedStream) => SharedStream {
  const { log, ctx, connector, streams, bounds, committed } = options;
  const waiting = new Set(streams.map(({ name }) => name));
  const joined = new Map<string, ReadContext<unknown, unknown>>();
  const queues = new Map<string, Queue>();

  function begin(): void {
    if (waiting.size > 0 || joined.size === 0) return;
    void pump();
  }

  async function pump(): Promise<void> {
    const [{ stream }] = streams as [SelectedStream];
    const author = { connector, stream: streams.map(({ name }) => name).join(', '), name: 'changeLog.read' };
    try {
      const items = fromAuthor(author, () => log.read({ ...ctx, streams: joined, committed }));
      for await (const item of endReading(items, bounds, stream)) {
        if (isCheckpoint(item)) {
          await Promise.all([...queues.values()].map((queue) => queue.put(item)));
          continue;
        }
        const { stream: name, item: inner } = item as { stream: string; item: unknown };
        await queues.get(name)?.put(inner);
        if ([...queues.values()].every((queue) => queue.isLeft)) return;
      }
      for (const queue of queues.values()) queue.end();
    } catch (error) {
      for (const queue of queues.values()) queue.fail(error);
    }
  }

  return ({ name }) => ({
    join(context) {
      const queue = createQueue();
      queues.set(name, queue);
      joined.set(name, context);
      waiting.delete(name);
      begin();
      return queue.items();
    },
    leave() {
      queues.get(name)?.leave();
      if (waiting.delete(name)) begin();
    },
  });
}

interface Queue {
  /** Adds an item once there is room, or drops it if nobody takes items any more. */
  put(item: unknown): Promise<void>;
  end(): void;
  fail(error: unknown): void;
  leave(): void;
  readonly isLeft: boolean;
  items(): AsyncGenerator<unknown>;
}

function createQueue(): Queue {
  const waiting: unknown[] = [];
  let room = Promise.withResolvers<void>();
  let more = Promise.withResolvers<void>();
  let ended = false;
  let left = false;
  let failure: { error: unknown } | undefined;
  const wake = () => more.resolve();
  return {
    async put(item) {
      while (waiting.length >= MOST_WAITING && !left) await room.promise;
      if (left) return;
      waiting.push(item);
      wake();
    },
    end() {
      ended = true;
      wake();
    },
    fail(error) {
      failure = { error };
      wake();
    },
    leave() {
      left = true;
      waiting.length = 0;
      room.resolve();
    },
    get isLeft() {
      return left;
    },
    async *items() {
      try {
        for (;;) {
          while (waiting.length > 0) {
            const item = waiting.shift();
            room.resolve();
            room = Promise.withResolvers();
            yield item;
          }
          if (failure !== undefined) throw failure.error;
          if (ended) return;
          await more.promise;
          more = Promise.withResolvers();
        }
      } finally {
        this.leave();
      }
    },
  };
}
