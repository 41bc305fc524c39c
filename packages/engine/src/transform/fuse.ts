import { normaliser } from '@aries-data/formats/internal';
import {
  type ApplyContext,
  AriesError,
  type Batch,
  type Change,
  type ConnectorContext,
  type JsonRecord,
  originOf,
  type RecordSchema,
  type Rejection,
  rejected,
  type Transform,
  type TransformContext,
  withChange,
} from '@aries-data/sdk';
import { changesOf, isRejected, type RejectedItem, type StreamKeys, toRecordSchema } from '@aries-data/sdk/internal';
import type { Counts } from '../dataset/manifest.ts';
import { authorError } from '../step/author-errors.ts';
import { type Deletions, isDeletions, renamedDeletions } from '../step/deletions.ts';
import { addToMark, isMark, type Mark, noCounts, type StageItem } from '../step/mark.ts';
import type { OpenedRole } from '../step/step-context.ts';

/** Input of one stage: the schema of the records, if known, and their keys. */
export interface StageInput extends StreamKeys {
  stream: string;
  input: RecordSchema | undefined;
  /** True if the records are changes. */
  changes?: boolean | undefined;
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

  function* mapBatch(batch: Batch, counts: Counts, ctx: StageContext): Generator<StageItem> {
    const out: JsonRecord[] = [];
    const changes = wholeChanges(batch, name);
    const indexes: number[] = [];
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
        for (const one of mapped) {
          if (ctx.changes === true) refuseOtherKey(normalised, one, ctx);
          yield* push(one, out, batch, index, counts);
        }
      } else {
        yield* push(mapped, out, batch, index, counts);
        if (ctx.changes === true) refuseOtherKey(normalised, mapped, ctx);
      }
      while (changes !== undefined && indexes.length < out.length) indexes.push(index);
    }
    yield changes === undefined ? out : withChange(out, (index) => changes(indexes[index]!));
  }

  /** Deleted keys pass by the transform, so it must not change the keys of the others. */
  function refuseOtherKey(before: JsonRecord, after: JsonRecord, { primaryKey, stream }: StageContext): void {
    const field = primaryKey.find((key) => before[key] !== after[key]);
    if (field === undefined) return;
    throw new AriesError('CONFIG_INVALID', `${name} changes "${field}", which is in the primary key of "${stream}"`, {
      connector: name,
      stream,
      hint: 'Deleted records of the stream could not be found by their new key. Leave the primary key as it is.',
    });
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
        else if (isRejected(item) || isDeletions(item)) yield item;
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
      const waiting: Passing[] = [];
      const ready: Passing[] = [];
      const keys = { from: at.primaryKey, to: this.keysAfter(at).primaryKey };
      const rejections: RejectedItem[] = [];
      let taken = 0;
      let given = 0;
      let ended = false;
      let inputError: unknown;
      let before: Batch = [];
      let changes: ReturnType<typeof wholeChanges>;

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
          if (isDeletions(value)) {
            waiting.push(renamedDeletions(value, keys));
            continue;
          }
          changes = wholeChanges(value, name);
          before = value;
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
          yield changes === undefined ? value : withChangesOf(value, before, changes);
        }
      } finally {
        await applied.return?.();
        await source.return?.();
      }
    },
  };
}

/** Items that pass by a transform. */
type Passing = Mark | RejectedItem | Deletions;

/** Context of one stage. */
type StageContext = TransformContext<unknown> & StreamKeys & { changes?: boolean | undefined };

/** Returns what is known about the changes of a batch. Throws if a record lacks fields: a transform needs whole records. */
function wholeChanges(batch: Batch, transform: string): ((index: number) => Change | undefined) | undefined {
  const changes = changesOf(batch);
  if (changes === undefined) return undefined;
  for (let index = 0; index < batch.length; index++) {
    const unsent = changes(index)?.unsent ?? [];
    if (unsent.length === 0) continue;
    throw new AriesError(
      'DATA_INVALID',
      `${transform} needs whole records, but ${originOf(batch, index) ?? 'a changed record'} came without ${unsent.join(', ')}`,
      {
        connector: transform,
        hint: 'Let the source send whole records (in PostgreSQL: ALTER TABLE … REPLICA IDENTITY FULL), or leave out the transform.',
      },
    );
  }
  return changes;
}

/**
 * Attaches to a batch what was known about the changes of the one that a transform made it from. It keeps all records in order, or
 * some of the same ones. For others the time of the change is not known any more.
 */
function withChangesOf(after: Batch, before: Batch, changes: (index: number) => Change | undefined): Batch {
  if (after.length === before.length) return withChange(after as JsonRecord[], changes);
  const places = new Map(before.map((record, index) => [record, index]));
  return withChange(after as JsonRecord[], (index) => {
    const place = places.get(after[index]!);
    return place === undefined ? undefined : changes(place);
  });
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
