import { AriesError, type Batch, type Json, type JsonRecord, type ReadItem, withColumns } from '@aries-data/sdk';
import type { SourceConfig } from '../../config.ts';
import { positionsOf } from '../formats/collector.ts';
import type { FileFormat } from '../formats/guess-format.ts';
import { hiveFields } from './hive.ts';

/** The run that reads. */
export interface Run {
  id: string;
  /** When it began to read, RFC 3339. */
  startedAt: string;
}

/** Adds fields to the records of one file. */
export type AddFields = (items: ReadItem<JsonRecord, never>[], format: FileFormat) => ReadItem<JsonRecord, never>[];

const LINE = '_aries_line';

/**
 * Returns a function that adds to the records of a file what the config asks for: the fields of its folders, and what is known about
 * where a record came from. Undefined if it asks for nothing. The function throws `DATA_INVALID` if a record has such a field already.
 */
export function addedFields(
  file: string,
  config: Pick<SourceConfig, 'hive' | 'metadata' | 'types' | 'allowNaN'>,
  run: Run | undefined,
): AddFields | undefined {
  const folders = config.hive === true ? hiveFields(file, config) : [];
  const { metadata: wanted = [] } = config;
  const metadata = wanted.filter((one) => one !== 'line').map((one) => metadataField(one, file, run));
  const fields = [...folders, ...metadata];
  const hasLine = wanted.includes('line');
  if (fields.length === 0 && !hasLine) return undefined;
  const names = [...fields.map(([name]) => name), ...(hasLine ? [LINE] : [])];
  const isOfFolder = new Set(folders.map(([name]) => name));

  function refuseTaken(record: JsonRecord): void {
    for (const name of names) {
      if (!Object.hasOwn(record, name)) continue;
      throw isOfFolder.has(name)
        ? new AriesError('DATA_INVALID', `${file} has a field "${name}", and so does the name of its folder`, {
            hint: 'Rename one of them, or leave "hive" out.',
          })
        : new AriesError('DATA_INVALID', `${file} has a field "${name}", which "metadata" would add`, {
            hint: 'Leave this one out of "metadata".',
          });
    }
  }

  return (items, format) => {
    const added: ReadItem<JsonRecord, never>[] = [];
    for (const item of items) {
      added.push(item);
      if (!Array.isArray(item)) continue;
      const batch = item as Batch;
      const positions = hasLine ? positionsOf(batch) : undefined;
      for (let index = 0; index < batch.length; index++) {
        // The records were made by the reader of this file, so nobody else sees them change.
        const record = batch[index]!;
        refuseTaken(record);
        for (const [name, value] of fields) set(record, name, value);
        if (hasLine) record[LINE] = lineOf(positions?.[index] ?? 0, format);
      }
      // A file without records still has these columns.
      if (batch.length === 0) added.push(withColumns([], names));
    }
    return added;
  };
}

/** Folders may be named `__proto__`. */
function set(record: JsonRecord, name: string, value: Json): void {
  if (name === '__proto__')
    Object.defineProperty(record, name, { value, enumerable: true, writable: true, configurable: true });
  else record[name] = value;
}

function metadataField(
  what: Exclude<NonNullable<SourceConfig['metadata']>[number], 'line'>,
  file: string,
  run: Run | undefined,
): [name: string, value: Json] {
  switch (what) {
    case 'run':
      return ['_aries_run', run?.id ?? null];
    case 'loadedAt':
      return ['_aries_loaded_at', run?.startedAt ?? null];
    case 'file':
      return ['_aries_file', file];
  }
}

/** JSON documents count records from 0, or give -1 to the only one. */
function lineOf(position: number, format: FileFormat): number {
  return format === 'json' ? Math.max(position, 0) + 1 : position;
}
