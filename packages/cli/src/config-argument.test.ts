import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../test/folders/temporary-folder.ts';
import { readConfigArgument } from './config-argument.ts';

async function file(name: string, text: string): Promise<string> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, text);
  return path;
}

test('a config is JSON, a file of JSON or YAML, or stdin', async () => {
  expect((await readConfigArgument(undefined)).value).toEqual({});
  expect((await readConfigArgument('{"a":1}')).value).toEqual({ a: 1 });
  expect((await readConfigArgument(`@${await file('c.json', '{"a":{"b":[1]}}')}`)).value).toEqual({ a: { b: [1] } });
  expect((await readConfigArgument(`@${await file('c.txt', `a:\n  b: [1]\nc: \${env:X}\n`)}`)).value).toEqual({
    a: { b: [1] },
    c: `\${env:X}`,
  });
  expect((await readConfigArgument('-', Readable.from(['{"a"', ':1}']))).value).toEqual({ a: 1 });
});

test('an error about a config does not quote it', async () => {
  const broken = '{"password":"canary-secret" "x"}';
  for (const argument of [
    broken,
    `@${await file('c.json', broken)}`,
    `@${await file('c.yaml', 'password: canary-secret\n  x: "1')}`,
    'canary-secret',
  ]) {
    const error = await readConfigArgument(argument).catch((error) => error);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', exitCode: 78 });
    expect(JSON.stringify([error.message, error.hint, String(error.cause)])).not.toContain('canary');
  }
  await expect(readConfigArgument(broken)).rejects.toThrow('--config is not valid JSON (at character 29)');
  await expect(readConfigArgument('[1]')).rejects.toThrow('--config must be an object');
});

test('a forgotten @ gets a hint', async () => {
  const path = await file('config.yaml', 'a: 1');
  await expect(readConfigArgument(path)).rejects.toMatchObject({
    hint: `To read the file, write --config @${path}.`,
  });
  await expect(readConfigArgument('@nowhere.yaml')).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: '--config names the file nowhere.yaml, which cannot be read: ENOENT',
  });
});

test('a duplicate name in an object is an error in JSON and in YAML', async () => {
  await expect(readConfigArgument('{"url":"a","deep":[{"x":1,"x":2}]}')).rejects.toThrow(
    '--config has the name "x" twice in one object',
  );
});
