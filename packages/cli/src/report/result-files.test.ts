import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../../test/folders/temporary-folder.ts';
import { prepareResultFiles, writeWhole } from './result-files.ts';

const folder = () => temporaryFolder();

test('the result goes to the file, and to XCom if its folder exists', async () => {
  const root = await folder();
  const xcom = join(root, 'airflow/xcom');
  expect(await prepareResultFiles(undefined, xcom)).toEqual([]);
  await mkdir(xcom, { recursive: true });
  expect(await prepareResultFiles(join(root, 'result.json'), xcom)).toEqual([
    join(root, 'result.json'),
    join(xcom, 'return.json'),
  ]);
});

test('the result of the previous run is removed at the start', async () => {
  const file = join(await folder(), 'result.json');
  await writeFile(file, '{"ok":true}');
  await prepareResultFiles(file, '/nowhere');
  await expect(readFile(file)).rejects.toThrow('ENOENT');
});

test('a file that cannot be written is refused at the start', async () => {
  await expect(prepareResultFiles('/nowhere/at/all.json', '/nowhere')).rejects.toMatchObject({
    code: 'USAGE',
    message: '--result-file cannot be written: /nowhere/at does not exist',
  });
});

test('a file is written atomically, and no temporary file is left', async () => {
  const root = await folder();
  await writeWhole(join(root, 'r.json'), 'one');
  await writeWhole(join(root, 'r.json'), 'two');
  expect(await readFile(join(root, 'r.json'), 'utf8')).toBe('two');
  expect(await readdir(root)).toEqual(['r.json']);
});
