import { normaliser } from '@aries-data/formats/internal';
import {
  type ApplyContext,
  AriesError,
  type Batch,
  type ConnectorContext,
  type JsonRecord,
  originOf,
  type RecordSchema,
  type Rejection,
  rejected,
  type Transform,
  type TransformContext,
} from '@aries-data/sdk';
import { isRejected, type RejectedItem, type StreamKeys, toRecordSchema } from '@aries-data/sdk/internal';
import type { Counts } from '../dataset/manifest.ts';
import { explained } from '../step/author-errors.ts';
import { isMark, type Mark, noCounts, passed, type StageItem } from '../step/mark.ts';
import type { Prepared } from '../step/step-context.ts';

/** The records as they come to one stage: their schema, where it is known, and their keys. */
export interface StageInput extends StreamKeys {
  stream: string;
  input: RecordSchema | undefined;
}

/** A transform as one stage of a stream's way. */
export interface FusedTransform {
  apply(items: AsyncIterable<StageItem>, at: StageInput): AsyncIterable<StageItem>;
  /** The schema of what comes out, for an input that is final; `null` where it is to be inferred. */
  schemaAfter(input: RecordSchema | null, at: StageInput): RecordSchema | null;
  keysAfter(at: StageInput): StreamKeys;
}

/** Prepares a transform of scope `batch`. Throws `CONFIG_INVALID` for one of scope `dataset`. */
export function fuse({ part, name, ctx }: Prepared<Transform>): FusedTransform {
  if (part.scope !== 'batch') {
    throw new AriesError('CONFIG_INVALID', `${name} works on whole datasets, so it is a step of its own`, {
      connector: name,
      hint: 'Run it with aries transform, or from a pipeline file.',
    });
  }
  return part.map !== undefined ? fuseMap(part, name, ctx) : fuseApply(part, name, ctx);
}

/** One loop a batch: check the input, map, check the output. */
function fuseMap(part: Transform, name: string, connectorCtx: ConnectorContext<unknown>): FusedTransform {
  const input =
    part.input === undefined ? undefined : normaliser(looseSchema(part.input, `${name}: input`), part.input);
  const outputSchema = part.output === undefined ? null : toRecordSchema(part.output, `${name}: output`);
  const output = outputSchema === null ? undefined : normaliser(outputSchema, part.output);
  const map = part.map!;

  function* mapBatch(batch: Batch, counts: Counts, ctx: TransformContext<unknown>): Generator<StageItem> {
    const out: JsonRecord[] = [];
    for (let index = 0; index < batch.length; index++) {
      const record = batch[index]!;
      const fitted = input === undefined ? record : input.fit(record);
      if (typeof fitted === 'string') {
        counts.rejected++;
        yield rejectedBy(name, fitted, batch, index);
        continue;
      }
      let mapped: JsonRecord | JsonRecord[] | null;
      try {
        mapped = map(fitted, ctx) as JsonRecord | JsonRecord[] | null;
      } catch (thrown) {
        const of = { connector: name, stream: ctx.stream, name: 'map' };
        throw explained(thrown, of, ` on ${originOf(batch, index) ?? `record ${index + 1} of a batch`}`);
      }
      if (mapped === null || mapped === undefined) {
        counts.dropped++;
      } else if (Array.isArray(mapped)) {
        if (mapped.length === 0) counts.dropped++;
        else counts.expanded += mapped.length - 1;
        for (const one of mapped) yield* push(one, out, batch, index, counts);
      } else {
        yield* push(mapped, out, batch, index, counts);
      }
    }
    yield out;
  }

  function* push(
    record: JsonRecord,
    out: JsonRecord[],
    batch: Batch,
    index: number,
    counts: Counts,
  ): Generator<StageItem> {
    const fitted = output === undefined ? record : output.fit(record);
    if (typeof fitted === 'string') {
      counts.rejected++;
      yield rejectedBy(name, fitted, batch, index);
    } else {
      out.push(fitted);
    }
  }

  return {
    schemaAfter: () => outputSchema,
    keysAfter: ({ primaryKey, cursor }) => ({ primaryKey, cursor }),
    async *apply(items, at) {
      const ctx = { ...connectorCtx, ...at };
      const counts = noCounts();
      for await (const item of items) {
        if (isMark(item)) yield passed(item, { counts });
        else if (isRejected(item)) yield item;
        else yield* mapBatch(item, counts, ctx);
      }
    },
  };
}

// A transform's input schema says what it needs; whatever else a record has goes along.
function looseSchema(input: NonNullable<Transform['input']>, where: string): RecordSchema {
  return { ...toRecordSchema(input, where), additionalProperties: true };
}

function fuseApply(part: Transform, name: string, connectorCtx: ConnectorContext<unknown>): FusedTransform {
  return {
    ...applyNames(part, connectorCtx),
    async *apply(items, at) {
      const ctx = { ...connectorCtx, ...at };
      const counts = noCounts();
      const source = items[Symbol.asyncIterator]();
      /** Came after the last batch that was handed in. */
      const waiting: (Mark | RejectedItem)[] = [];
      const ready: (Mark | RejectedItem)[] = [];
      const rejections: RejectedItem[] = [];
      let taken = 0;
      let given = 0;
      let ended = false;
      let before: unknown;

      // Whatever the transform says until it is handed the next batch belongs to the batches before: a mark is passed only then.
      function settle(): void {
        ready.push(...rejections.splice(0));
        for (const item of waiting.splice(0)) ready.push(isMark(item) ? passed(item, { counts }) : item);
      }

      // Marks and rejections go around the transform, in their place between the batches.
      async function* batches(): AsyncGenerator<Batch> {
        for (;;) {
          const { done, value } = await source.next().catch((thrown: unknown) => {
            before = thrown;
            throw thrown;
          });
          if (done) {
            ended = true;
            return;
          }
          if (isMark(value) || isRejected(value)) {
            waiting.push(value);
            continue;
          }
          if (taken > given) {
            throw new AriesError('CONNECTOR_INVALID', `${name} took a second batch before it gave the first back`, {
              connector: name,
              hint: 'A transform of scope "batch" yields exactly one batch for each it takes; use scope "dataset" otherwise.',
            });
          }
          settle();
          taken++;
          yield value;
        }
      }

      const applied = part.apply!(
        batches(),
        applyContext(ctx, counts, (rejection) =>
          rejections.push(rejected({ ...rejection, reason: `${name}: ${rejection.reason}` })),
        ),
      )[Symbol.asyncIterator]();
      try {
        for (;;) {
          const { done, value } = await applied.next().catch((thrown: unknown) => {
            // What comes from the stage before is not of this one's making.
            throw thrown === before ? thrown : explained(thrown, { connector: name, stream: at.stream, name: 'apply' });
          });
          if (done) {
            if (!ended) throw endedEarly(name);
            settle();
            yield* ready;
            return;
          }
          yield* ready.splice(0);
          yield* rejections.splice(0);
          given = Math.min(given + 1, taken);
          yield value;
        }
      } finally {
        await applied.return?.();
        await source.return?.();
      }
    },
  };
}

/** A transform whose `apply` returned before its input ended: what it did not take would be lost without a word. */
export function endedEarly(name: string): AriesError {
  return new AriesError('CONNECTOR_INVALID', `${name} ended before its input did`, {
    connector: name,
    hint: 'Take all batches, and say with drop how many records are left out.',
  });
}

/** What a transform with `apply` says of schema and keys. */
export function applyNames(
  part: Transform,
  ctx: ConnectorContext<unknown>,
): Pick<FusedTransform, 'schemaAfter' | 'keysAfter'> {
  return {
    schemaAfter: (input, at) => (input === null ? null : part.schema!(input, { ...ctx, ...at })),
    keysAfter: (at) => part.keys?.({ ...ctx, ...at }) ?? { primaryKey: at.primaryKey, cursor: at.cursor },
  };
}

/** What `apply` is given; what it reports is counted. */
export function applyContext<Config>(
  ctx: TransformContext<Config>,
  counts: Counts,
  reject: (rejection: Rejection) => void,
  spillFolder: () => Promise<string> = async () => {
    throw new AriesError('CONNECTOR_INVALID', 'Only a transform of scope "dataset" can spill');
  },
): ApplyContext<Config> {
  return {
    ...ctx,
    drop(count) {
      counts.dropped += count;
    },
    expand(count) {
      counts.expanded += count;
    },
    reject(rejection) {
      counts.rejected++;
      reject(rejection);
    },
    spillFolder,
  };
}

function rejectedBy(name: string, reason: string, batch: Batch, index: number) {
  return rejected({ reason: `${name}: ${reason}`, origin: originOf(batch, index) ?? 'unknown', record: batch[index]! });
}
