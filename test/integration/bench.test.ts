import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { programOf } from '../../bench/programs.ts';
import { temporaryFolder } from '../folders/temporary-folder.ts';

test('the bench runs on few rows, and every contest has a result', { timeout: 900_000 }, async () => {
  const out = join(await temporaryFolder(), 'results.json');
  const bench = resolve(import.meta.dirname, '../../bench/run.ts');
  const { status, stderr } = spawnSync(process.execPath, [bench, '--rows', '20000', '--rounds', '1', '--out', out], {
    encoding: 'utf8',
  });
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  const { contests, start, libraries, incremental } = JSON.parse(await readFile(out, 'utf8'));
  for (const line of Object.values<Record<string, number>>(contests))
    expect(line['of the baseline']).toBeGreaterThan(0);
  expect(Object.keys(contests)).toHaveLength(12);
  const withPrograms = (programOf('psql') === 'psql' ? 3 : 0) + (programOf('pg_recvlogical') === undefined ? 0 : 3);
  expect(Object.keys(incremental)).toHaveLength(4 + withPrograms);
  expect(Object.keys(start)).toEqual(['node -e 0', 'aries --version', 'aries --help']);
  expect(Object.keys(libraries).length).toBeGreaterThan(10);
});
