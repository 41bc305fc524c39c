import { encoderOf, normaliser } from '@aries-data/formats/internal';
import { AriesError, type Batch, type EncodedPart, type JsonRecord } from '@aries-data/sdk';
import { changesOf, isCheckpoint, isDeleted, isRejected } from '@aries-data/sdk/internal';
import type { ManifestStream } from '../dataset/manifest.ts';
import { KEYS_FORMAT, keyFieldsOf } from '../dataset/staged-fields.ts';
import { createStreamWriter, type StreamWriter } from '../dataset/stream-writer.ts';
import { fromAuthor } from '../step/author-errors.ts';
import { countOf } from '../step/count-of.ts';
import { prefetch } from '../step/prefetch.ts';
import { keySchema, missingKey } from './check-changes.ts';
import { copyPiece } from './copy-encoded.ts';
import type { StreamExtract } from './stream-extract.ts';

/** Returns true if the keys of the whole stream must be staged, because the load compares them with the target's. */
export function comparesKeys({ selected, window, limit }: StreamExtract): boolean {
  return selected.options.deletes === 'compare' && window.mode !== 'full' && limit === undefined;
}

/**
 * Stages the keys of all records that the source has. They are read after the records: a record that was deleted in between is not
 * among them, and so is deleted in the target as well. One that was added in between is, and the next run reads it.
 */
export async function stageKeys(options: StreamExtract): Promise<NonNullable<ManifestStream['keys']>> {
  const { context, store, folder, selected, compression, chain } = options;
  const { primaryKey } = chain.keys();
  const format = KEYS_FORMAT;
  const writer = createStreamWriter({
    store,
    folder,
    stream: selected.as,
    attempt: `${context.attempt}-keys`,
    format,
    compression,
    encode: encoderOf(format, keyFieldsOf({ schema: chain.schema(), primaryKey: [...primaryKey] })),
    signal: context.signal,
  });
  try {
    await (readsEncoded(options) ? copyEncodedKeys(options, writer) : copyKeys(options, writer, primaryKey));
    await writer.cut();
  } catch (error) {
    await writer.abort(error as Error);
    throw error;
  }
  const count = writer.parts.reduce((sum, { rows }) => sum + rows, 0);
  context.log.info(`${selected.as}: ${countOf(count, 'key')} to compare`, { stream: selected.as, keys: count });
  return { parts: [...writer.parts] };
}

function readsEncoded({ selected: { stream } }: StreamExtract): boolean {
  return stream.pushdown?.includes('columns') === true && stream.readEncoded?.formats.includes(KEYS_FORMAT) === true;
}

/** The context for reading all keys. */
function keyContext({ readContext, selected, connector }: StreamExtract) {
  const { primaryKey, stream } = selected;
  if (primaryKey.length === 0) {
    throw new AriesError('CONFIG_INVALID', `${connector}: stream "${selected.name}" has no primary key to compare`, {
      connector,
      stream: selected.name,
      hint: "Set one in the stream's options (primaryKey: [id]), or leave out deletes: compare.",
    });
  }
  const { cursor: _, nullCursor: __, position: ___, committed: ____, inputs: _____, ...rest } = readContext;
  const columns = stream.pushdown?.includes('columns') ? primaryKey : undefined;
  return { ...rest, mode: 'full' as const, window: {}, columns };
}

async function copyEncodedKeys(options: StreamExtract, writer: StreamWriter): Promise<void> {
  const { context, connector, selected } = options;
  const author = { connector, stream: selected.name, name: `streams.${selected.name}.readEncoded.open` };
  const parts = fromAuthor<EncodedPart>(author, () =>
    selected.stream.readEncoded!.open({ ...keyContext(options), format: KEYS_FORMAT, concurrency: 1 }),
  );
  for await (const part of parts) {
    await copyPiece(part, writer, { stream: selected.as, signal: context.signal, onRows() {} });
    if (writer.due) await writer.cut();
  }
}

async function copyKeys(options: StreamExtract, writer: StreamWriter, renamed: readonly string[]): Promise<void> {
  const { context, connector, selected } = options;
  const { name, stream, primaryKey, schema } = selected;
  if (stream.read === undefined) {
    throw new AriesError('CONFIG_INVALID', `${connector}: the keys of "${name}" cannot be read as records`, {
      connector,
      stream: name,
      hint: 'Leave out the transforms, or deletes: compare.',
    });
  }
  const check = normaliser(keySchema(schema, primaryKey, undefined), undefined, stream.inference);
  const items = fromAuthor<unknown>({ connector, stream: name, name: `streams.${name}.read` }, () =>
    stream.read!(keyContext(options)),
  );
  for await (const item of prefetch(items, context.signal)) {
    if (isCheckpoint(item) || isDeleted(item)) continue;
    if (isRejected(item)) throw unknownKey(options, item.origin, item.reason);
    const keys: JsonRecord[] = [];
    const changes = changesOf(item as Batch);
    for (const [index, record] of (item as Batch).entries()) {
      if (changes?.(index)?.gone !== undefined) continue;
      const key = check.normalise(record);
      if (typeof key === 'string') throw unknownKey(options, `record ${index + 1} of a batch`, key);
      if (missingKey(key, primaryKey) === undefined)
        keys.push(Object.fromEntries(primaryKey.map((field, at) => [renamed[at]!, key[field]!])));
    }
    await writer.writeBatch(keys);
    if (writer.due) await writer.cut();
  }
}

/** A record whose key is not known might be any of the target's: none of them may be deleted then. */
function unknownKey({ connector, selected: { name } }: StreamExtract, origin: string, reason: string): AriesError {
  return new AriesError(
    'DATA_INVALID',
    `${connector}: the keys of "${name}" cannot be compared: ${origin}: ${reason}`,
    {
      connector,
      stream: name,
      hint: 'Mend the record at the source, or leave out deletes: compare.',
    },
  );
}
