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
import { authorError } from '../step/author-errors.ts';
import { addToMark, isMark, type Mark, noCounts, type StageItem } from '../step/mark.ts';
import type { OpenedRole } from '../step/step-context.ts';

/** Input of one stage: the schema of the records, if known, and their keys. */
export interface StageInput extends StreamKeys {
  stream: string;
  input: RecordSchema | undefined;
}

/** Transform that runs as one stage of a stream. */
export interface FusedTransform {
  apply(items: AsyncIterable<StageItem>, at: StageInput): AsyncIterable<StageItem>;
  /** Returns the schema of the output for a final input schema; `null` if it must be inferred. */
  schemaAfter(input: RecordSchema | null, at: StageInput): RecordSchema | null;
  keysAfter(at: StageInput): StreamKeys;
}

/** Prepares a transform of scope `batch`. Throws `CONFIG_INVALID` for one of scope `dataset`. */
export function fuse({ definition, name, ctx }: OpenedRole<Transform>): FusedTransform {
  if (definition.scope !== 'batch') {
    throw new AriesError('CONFIG_INVALID', `${name} works on whole datasets, so it is a step of its own`, {
      connector: name,
      hint: 'Run it with aries transform, or from a pipeline file.',
    });
  }
  return definition.map !== undefined ? fuseMap(definition, name, ctx) : fuseApply(definition, name, ctx);
}

/** Runs a transform with `map` in one loop per batch: checks the input, maps, checks the output. */
function fuseMap(definition: Transform, name: string, connectorCtx: ConnectorContext<unknown>): FusedTransform {
  const input =
    definition.input === undefined
      ? undefined
      : normaliser(looseSchema(definition.input, `${name}: input`), definition.input);
  const outputSchema = definition.output === undefined ? null : toRecordSchema(definition.output, `${name}: output`);
  const output = outputSchema === null ? undefined : normaliser(outputSchema, definition.output);
  const map = definition.map!;

  function* mapBatch(batch: Batch, counts: Counts, ctx: TransformContext<unknown>): Generator<StageItem> {
    const out: JsonRecord[] = [];
    for (let index = 0; index < batch.length; index++) {
      const record = batch[index]!;
      const normalised = input === undefined ? record : input.normalise(record);
      if (typeof normalised === 'string') {
        counts.rejected++;
        yield rejectedBy(name, normalised, batch, index);
        continue;
      }
      let mapped: JsonRecord | JsonRecord[] | null;
      try {
        mapped = map(normalised, ctx) as JsonRecord | JsonRecord[] | null;
      } catch (thrown) {
        const of = { connector: name, stream: ctx.stream, name: 'map' };
        throw authorError(thrown, of, ` on ${originOf(batch, index) ?? `record ${index + 1} of a batch`}`);
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
    const normalised = output === undefined ? record : output.normalise(record);
    if (typeof normalised === 'string') {
      counts.rejected++;
      yield rejectedBy(name, normalised, batch, index);
    } else {
      out.push(normalised);
    }
  }

  return {
    schemaAfter: () => outputSchema,
    keysAfter: ({ primaryKey, cursor }) => ({ primaryKey, cursor }),
    async *apply(items, at) {
      const ctx = { ...connectorCtx, ...at };
      const counts = noCounts();
      for await (const item of items) {
        if (isMark(item)) yield addToMark(item, { counts });
        else if (isRejected(item)) yield item;
        else yield* mapBatch(item, counts, ctx);
      }
    },
  };
}

/** Makes the schema of a transform's input. Fields that it does not declare pass through. */
function looseSchema(input: NonNullable<Transform['input']>, where: string): RecordSchema {
  return { ...toRecordSchema(input, where), additionalProperties: true };
}

function fuseApply(definition: Transform, name: string, connectorCtx: ConnectorContext<unknown>): FusedTransform {
  return {
    ...applyNames(definition, connectorCtx),
    async *apply(items, at) {
      const ctx = { ...connectorCtx, ...at };
      const counts = noCounts();
      const source = items[Symbol.asyncIterator]();
      /** Items since the last batch that the transform was given. */
      const waiting: (Mark | RejectedItem)[] = [];
      const ready: (Mark | RejectedItem)[] = [];
      const rejections: RejectedItem[] = [];
      let taken = 0;
      let given = 0;
      let ended = false;
      let inputError: unknown;

      // What the transform reports before it gets the next batch belongs to the batches before, so marks wait until then.
      function settle(): void {
        ready.push(...rejections.splice(0));
        for (const item of waiting.splice(0)) ready.push(isMark(item) ? addToMark(item, { counts }) : item);
      }

      // Marks and rejections bypass the transform and keep their place between the batches.
      async function* batches(): AsyncGenerator<Batch> {
        for (;;) {
          const { done, value } = await source.next().catch((thrown: unknown) => {
            inputError = thrown;
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
            throw new AriesError('CONNECTOR_INVALID', `${name} took a second batch before it returned the first`, {
              connector: name,
              hint: 'A transform of scope "batch" yields exactly one batch for each that it takes. Otherwise use scope "dataset".',
            });
          }
          settle();
          taken++;
          yield value;
        }
      }

      const applied = definition.apply!(
        batches(),
        applyContext(ctx, counts, (rejection) =>
          rejections.push(rejected({ ...rejection, reason: `${name}: ${rejection.reason}` })),
        ),
      )[Symbol.asyncIterator]();
      try {
        for (;;) {
          const { done, value } = await applied.next().catch((thrown: unknown) => {
            // Errors of the stage before are not this transform's.
            throw thrown === inputError
              ? thrown
              : authorError(thrown, { connector: name, stream: at.stream, name: 'apply' });
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

/** Makes the error for an `apply` that returned before its input ended: the rest would be lost silently. */
export function endedEarly(name: string): AriesError {
  return new AriesError('CONNECTOR_INVALID', `${name} ended before its input did`, {
    connector: name,
    hint: 'Take all batches, and report with drop how many records are left out.',
  });
}

/** Makes the schema and keys functions of a transform with `apply`. */
export function applyNames(
  definition: Transform,
  ctx: ConnectorContext<unknown>,
): Pick<FusedTransform, 'schemaAfter' | 'keysAfter'> {
  return {
    schemaAfter: (input, at) => (input === null ? null : definition.schema!(input, { ...ctx, ...at })),
    keysAfter: (at) => definition.keys?.({ ...ctx, ...at }) ?? { primaryKey: at.primaryKey, cursor: at.cursor },
  };
}

/** Makes the context of `apply`, which counts what it reports. */
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
