import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../test/folders/temporary-folder.ts';
import { parseStreams } from './streams-argument.ts';

test('streams are names, JSON, or a file', async () => {
  expect(await parseStreams('users, orders')).toEqual(['users', 'orders']);
  expect(await parseStreams('["users",{"name":"orders","as":"o","mode":"incremental"}]')).toEqual([
    'users',
    { name: 'orders', as: 'o', mode: 'incremental' },
  ]);
  expect(await parseStreams('{"name":"orders"}')).toEqual([{ name: 'orders' }]);
  const path = join(await temporaryFolder(), 'streams.yaml');
  await writeFile(path, '- users\n- name: orders\n  cursor: updated_at\n');
  expect(await parseStreams(`@${path}`)).toEqual(['users', { name: 'orders', cursor: 'updated_at' }]);
});

test('a wrong stream is refused with the options that a stream can have', async () => {
  await expect(parseStreams('[{"nme":"users"}]')).rejects.toThrow(
    'expected names, or objects with name, as, columns, where, cursor',
  );
  await expect(parseStreams('users,,orders')).rejects.toThrow('expected names');
  await expect(parseStreams('[{"name":')).rejects.toThrow('--streams is not valid JSON');
});
