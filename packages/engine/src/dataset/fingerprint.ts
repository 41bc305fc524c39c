import type { Json } from '@aries-data/sdk';
import { digestOf } from './sealed.ts';

/** Inputs that determine a dataset, by name: connector, config without secrets, streams, format, window, earlier state. */
export type Fingerprint = Record<string, Json>;

/** Returns a digest for journal entries to compare. */
export function fingerprintDigest(fingerprint: Fingerprint): string {
  return digestOf(Buffer.from(JSON.stringify(sorted(fingerprint))));
}

/** Lists the paths at which two fingerprints differ, with both values: `config.url: "a" → "b"`. */
export function fingerprintDifferences(before: Json | undefined, after: Json | undefined, path = ''): string[] {
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) =>
      fingerprintDifferences(before[name], after[name], path === '' ? name : `${path}.${name}`),
    );
  }
  const [was, is] = [JSON.stringify(sorted(before)), JSON.stringify(sorted(after))];
  return was === is ? [] : [`${path}: ${was ?? 'nothing'} → ${is ?? 'nothing'}`];
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// The order of keys in a config does not matter.
function sorted(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value.map((item) => sorted(item)!);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])!]),
  );
}
