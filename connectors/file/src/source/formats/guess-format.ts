import type { SourceConfig } from '../../config.ts';

export type FileFormat = NonNullable<SourceConfig['format']>;

const FORMAT_OF_EXTENSION: Record<string, FileFormat> = {
  json: 'json',
  geojson: 'json',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  csv: 'csv',
  tsv: 'csv',
};

/** Returns a file name's extension, ignoring that of a compression. */
export function extensionOf(name: string): string {
  const plain = name.replace(/\.(?:gz|gzip|zst|zstd)$/i, '');
  return /\.([a-z0-9]+)$/i.exec(plain)?.[1]?.toLowerCase() ?? '';
}

/** Returns the format that a name stands for, if any. */
export function formatOfName(name: string): FileFormat | undefined {
  return FORMAT_OF_EXTENSION[extensionOf(name)];
}

/** Guesses the format from the beginning of a file. A file named `json` can only turn out to be `ndjson`. */
export function formatOfText(head: string, named?: 'json'): FileFormat {
  const text = head.trimStart();
  // Empty text has no records and is not a document.
  if (text === '') return named ?? 'ndjson';
  if (text.startsWith('[')) return 'json';
  if (!text.startsWith('{')) return named ?? 'csv';
  const [first, ...rest] = text.split('\n', 2);
  if (!isJson(first!)) return 'json';
  // A single line may be a whole document.
  return named === undefined || /^\s*\{/.test(rest.join('\n')) ? 'ndjson' : 'json';
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
