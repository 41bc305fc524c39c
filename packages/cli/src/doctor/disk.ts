import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AriesError } from '@aries-data/sdk';
import { formatBytes } from '../report/numbers.ts';
import { examine, type Finding, warning } from './finding.ts';

const ROOMY_BYTES = 1e9;

/** Checks that temporary files can be written, which steps over a whole dataset and loads into DuckDB do. */
export function examineDisk(folder = tmpdir()): Promise<Finding> {
  return examine('disk', async () => {
    const own = await mkdtemp(join(folder, 'aries-doctor-')).catch((cause: NodeJS.ErrnoException) => {
      const code = cause.code === 'ENOENT' ? 'NOT_FOUND' : cause.code === 'ENOSPC' ? 'RESOURCE_BUSY' : 'NOT_ALLOWED';
      throw new AriesError(code, `${folder} cannot be written to: ${cause.code}`, {
        cause,
        hint: 'Mount a folder there that can be written to (docker run --tmpfs /tmp), or set TMPDIR to one.',
      });
    });
    try {
      await writeFile(join(own, 'file'), 'aries');
    } finally {
      await rm(own, { recursive: true, force: true });
    }
    const { bavail, bsize } = await statfs(folder);
    const free = `${folder} has ${formatBytes(bavail * bsize)} free`;
    if (bavail * bsize >= ROOMY_BYTES) return free;
    return warning(
      'disk',
      free,
      'dedupe stores a whole dataset there: free some space, or set TMPDIR to a larger file system.',
    );
  });
}
