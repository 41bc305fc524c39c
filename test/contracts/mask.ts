/** The values that differ in the tests of one kind of run. */
export interface Masks {
  /** Texts, and the words that replace them. */
  places: Readonly<Record<string, string>>;
  patterns: readonly [RegExp, string][];
}

/** Releases change the versions of packages; 0.0.0 is the version of a connector that is a file. */
const VERSIONS: [RegExp, string][] = [
  [/("(?:name|connector)":\s*"[\w-]+",\s*"version":\s*)"(?!0\.0\.0")\d+\.\d+\.\d+[\w.-]*"/g, '$1"<version>"'],
  [/("[\w/-]+@)(?!0\.0\.0")\d+\.\d+\.\d+[\w.-]*"/g, '$1<version>"'],
];

/** Random names, with their context. */
const RANDOM: [RegExp, string][] = [
  [/("attempt":\s*)"[0-9a-f]{12}"/g, '$1"<attempt>"'],
  [/\b[0-9a-f]{12}(?=-(?:rejected-)?\d{5}\.)/g, '<attempt>'],
  [/"aries [0-9a-f]{12}"/g, '"aries <id>"'],
  [/(-<time>-)[0-9a-f]{12}\b/g, '$1<id>'],
  // A receipt: its hour and the digest of its dataset. That of the run stays.
  [/\bloaded\/\d{4}-\d\d-\d\dT\d\d\//g, 'loaded/<hour>/'],
  [/(\/<time>-[0-9a-f]{16}-)[0-9a-f]{16}(?=\.json)/g, '$1<id>'],
  [/"oid \d+"/g, '"oid <oid>"'],
  // A file's path, then its version (size and time), which is fixed.
  [/"[0-9a-f]{12}(?=-[0-9a-f]{12}\\?")/g, '"<file>'],
  [/\bload-[0-9a-f]{16}\.[0-9a-f]{16}\.tmp/g, 'load-<id>.<id>.tmp'],
  [/\b\d{8}T\d{6}Z-[0-9a-f]{6}\b/g, '<run-id>'],
  [/("durationMs":)\d+/g, '$1<ms>'],
  // How many checkpoints an attempt writes depends on how long it takes.
  [/("sequence":)\d+/g, '$10'],
];

const INSTANT = /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00(?::00)?)/g;
const COMPACT_INSTANT = /\b(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z/g;

/** Longer than a test takes, and shorter than the distance to any time in the inputs. */
const NOW_MS = 60 * 60 * 1000;

/**
 * Replaces everything that differs between runs with a word in angle brackets. The rest must be the same each time: times of the
 * inputs, counts, checksums of parts. Digests of whole documents are kept if nothing in the document was masked.
 */
export function mask(text: string, { places, patterns }: Masks): string {
  let masked = text;
  for (const [place, word] of Object.entries(places)) masked = masked.replaceAll(place, word);
  masked = masked
    .replace(COMPACT_INSTANT, (time, ...[year, month, day, hour, minute, second, ms]) =>
      isNow(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`) ? '<time>' : time,
    )
    .replace(INSTANT, (time) => (isNow(time) ? '<time>' : time));
  for (const [pattern, word] of [...VERSIONS, ...RANDOM, ...patterns]) masked = masked.replace(pattern, word);
  return masked === text ? text : masked.replace(/\bsha256-[0-9a-f]{64}/g, 'sha256-<digest>');
}

function isNow(time: string): boolean {
  return Math.abs(Date.parse(time) - Date.now()) < NOW_MS;
}
