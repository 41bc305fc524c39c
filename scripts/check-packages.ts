/**
 * Builds and packs every package, then checks the tarballs as npm would serve them: entry points, files, types, and sizes, which may
 * not grow by more than docs/performance.md allows. With --update, records the sizes measured here.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { archiveFaults } from './packages/archive-faults.ts';
import { buildAndPack } from './packages/archives.ts';
import { packageSizes } from './packages/package-sizes.ts';
import { packageGrowth, recordedSizes, recordSizes } from './packages/recorded-sizes.ts';

const root = resolve(import.meta.dirname, '..');
const packed = mkdtempSync(join(tmpdir(), 'aries-packed-'));
try {
  const archives = buildAndPack(root, packed);
  const faults = await archiveFaults(archives);
  const packages = packageSizes(root, archives);
  if (process.argv.includes('--update')) recordSizes(root, { packages });
  else faults.push(...sizeFaults(packageGrowth(recordedSizes(root), packages)));
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  rmSync(packed, { recursive: true, force: true });
}

function sizeFaults(grown: string[]): string[] {
  if (grown.length === 0) return [];
  return [
    ...grown,
    'If this is intended, record the new sizes: node scripts/check-packages.ts --update && node scripts/generate-docs.ts',
  ];
}
