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

/** The extension of a file's name, that of its compression put aside. */
export function extensionOf(name: string): string {
  const plain = name.replace(/\.(?:gz|gzip|zst|zstd)$/i, '');
  return /\.([a-z0-9]+)$/i.exec(plain)?.[1]?.toLowerCase() ?? '';
}

/** The format a name stands for, if any. */
export function formatOfName(name: string): FileFormat | undefined {
  return FORMAT_OF_EXTENSION[extensionOf(name)];
}

/** The format a file's beginning looks like, given what its name stands for: `json` may turn out to be `ndjson`, nothing else. */
export function formatOfText(head: string, named?: 'json'): FileFormat {
  const text = head.trimStart();
  // Nothing at all: no records, and no document either.
  if (text === '') return named ?? 'ndjson';
  if (text.startsWith('[')) return 'json';
  if (!text.startsWith('{')) return named ?? 'csv';
  const [first, ...rest] = text.split('\n', 2);
  if (!isJson(first!)) return 'json';
  // One line may be a whole document.
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
