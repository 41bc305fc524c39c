import { AriesError, type Json } from '@aries-data/sdk';
import type { SourceConfig } from '../../config.ts';
import { cellReader } from '../formats/csv-cells.ts';

/** How Hive and Spark write null in a folder's name. */
const NULL_FOLDER = '__HIVE_DEFAULT_PARTITION__';

/**
 * Returns the fields that the folders of a file name: `events/dt=2026-11-29/country=GB/a.csv` has `dt` and `country`. Values are typed
 * like cells of csv files. Throws `DATA_INVALID` if two folders have the same name.
 */
export function hiveFields(
  file: string,
  config: Pick<SourceConfig, 'types' | 'allowNaN'>,
): [name: string, value: Json][] {
  const read = cellReader(config) ?? ((text: string) => text);
  const fields = new Map<string, Json>();
  for (const folder of file.split('/').slice(0, -1)) {
    const equals = folder.indexOf('=');
    if (equals < 1) continue;
    const name = decoded(folder.slice(0, equals));
    if (fields.has(name)) {
      throw new AriesError('DATA_INVALID', `${file}: two of its folders are named "${name}="`, {
        hint: 'Rename one of them, or leave "hive" out.',
      });
    }
    const text = decoded(folder.slice(equals + 1));
    fields.set(name, text === NULL_FOLDER ? null : read(text, 0, text.length));
  }
  return [...fields];
}

/** Decodes percent escapes; a text with an invalid one stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
