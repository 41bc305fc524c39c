import { pathOf } from './locations/locate.ts';

const EXTENSIONS = /(?:\.(?:json|ndjson|jsonl|csv|tsv|txt))?(?:\.(?:gz|gzip|zst|zstd))?$/i;

/** Names the stream after the files: the base name without extensions and wildcards, or else `records`. */
export function streamName(url: string | readonly string[]): string {
  const names = new Set((typeof url === 'string' ? [url] : url).map(baseName));
  const [name] = names;
  return names.size === 1 && name !== undefined && name !== '' ? name : 'records';
}

function baseName(url: string): string {
  const name =
    pathOf(url)
      .split(/[/\\]/)
      .findLast((segment) => segment !== '') ?? '';
  const withoutExtensions = name.replace(EXTENSIONS, '') || name;
  return withoutExtensions.replace(/\{[^{}]*\}|\[[^[\]]*\]|[*?]/g, '').replace(/^[-_. ]+|(?<![-_. ])[-_. ]+$/g, '');
}
