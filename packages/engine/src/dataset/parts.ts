import { encodeName } from '@aries-data/stores';
import { z } from 'zod';

export const count = z.int().min(0);

export const partSchema = z.object({
  key: z.string().describe("Key relative to the step's folder."),
  rows: count,
  bytes: count.describe('Stored size.'),
  rawBytes: count.describe('Uncompressed size.'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits')
    .describe('Digest of the stored bytes, hexadecimal.'),
});

export const countsSchema = z.object({
  read: count.describe('Records read.'),
  staged: count,
  deleted: count.optional().describe('Staged changes that say a record is gone. Default: 0.'),
  rejected: count,
  outside: count.describe('Records outside the window, or already loaded.'),
  dropped: count.describe('Records dropped by transforms.'),
  expanded: count.describe('Records added by transforms.'),
});

/** A part file of a dataset. */
export type Part = z.output<typeof partSchema>;
/** Numbers of records: `read = staged + rejected + outside + dropped − expanded`. */
export type Counts = z.output<typeof countsSchema>;

/** Parts and counts of a stream. */
export interface Listed {
  parts: readonly Part[];
  rejectedParts: readonly Part[];
  counts: Counts;
}

const FILE = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Checks the keys of a stream's parts. Returns a fault if one is not a file in the stream's own folder, or is listed twice. */
export function partKeysFault(stream: string, { parts, rejectedParts }: Omit<Listed, 'counts'>): string | undefined {
  const folder = `${encodeName(stream)}/`;
  const seen = new Set<string>();
  for (const { key } of [...parts, ...rejectedParts]) {
    if (!key.startsWith(folder) || !FILE.test(key.slice(folder.length))) {
      return `the part ${JSON.stringify(key.slice(0, 100))} is not in the folder of its stream`;
    }
    if (seen.has(key)) return `the part ${key} is listed twice`;
    seen.add(key);
  }
  return undefined;
}

/** Checks the parts of a stream. Returns a fault of their keys, or if counts do not add up. */
export function partsFault(stream: string, listed: Listed): string | undefined {
  const { parts, rejectedParts, counts } = listed;
  const { read, staged, rejected, outside, dropped, expanded } = counts;
  const adds =
    rowsOf(parts) === staged &&
    rowsOf(rejectedParts) === rejected &&
    read + expanded === staged + rejected + outside + dropped;
  return partKeysFault(stream, listed) ?? (adds ? undefined : 'its record counts do not add up');
}

function rowsOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { rows }) => sum + rows, 0);
}
