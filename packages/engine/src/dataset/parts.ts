import { encodeName } from '@aries-data/stores';
import { z } from 'zod';

export const count = z.int().min(0);

export const partSchema = z.object({
  key: z.string().describe("Relative to the step's folder."),
  rows: count,
  bytes: count.describe('As stored.'),
  rawBytes: count.describe('Uncompressed.'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits')
    .describe('Of the stored bytes, hexadecimal.'),
});

export const countsSchema = z.object({
  read: count.describe('Records that came in.'),
  staged: count,
  rejected: count,
  outside: count.describe('Outside the window, or loaded before.'),
  dropped: count.describe('Left out by transforms.'),
  expanded: count.describe('Added by transforms.'),
});

/** One part file of a dataset. */
export type Part = z.output<typeof partSchema>;
/** How many records went where; `read = staged + rejected + outside + dropped − expanded`. */
export type Counts = z.output<typeof countsSchema>;

/** What is listed of a stream's parts. */
export interface Listed {
  parts: readonly Part[];
  rejectedParts: readonly Part[];
  counts: Counts;
}

const FILE = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** What is wrong with the keys of a stream's parts: one is not a file in the stream's own folder, or is listed twice. */
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

/** What is wrong with the parts of a stream: their keys, or numbers that do not add up. */
export function partsFault(stream: string, listed: Listed): string | undefined {
  const { parts, rejectedParts, counts } = listed;
  const { read, staged, rejected, outside, dropped, expanded } = counts;
  const adds =
    rowsOf(parts) === staged &&
    rowsOf(rejectedParts) === rejected &&
    read + expanded === staged + rejected + outside + dropped;
  return partKeysFault(stream, listed) ?? (adds ? undefined : 'its numbers of records do not add up');
}

function rowsOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { rows }) => sum + rows, 0);
}
