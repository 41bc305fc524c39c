import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../../test/folders/temporary-folder.ts';
import { parsePipelineFile } from './pipeline-file.ts';

const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
for (let level = 1; level < 10; level++) {
  const [name, below] = ['abcdefghij'[level], 'abcdefghij'[level - 1]];
  bomb.push(`${name}: &${name} [${Array(10).fill(`*${below}`).join(', ')}]`);
}

test.each([
  ['aliases of aliases', bomb.join('\n'), /Excessive alias count/],
  ['unclosed brackets', `name: ${'['.repeat(20_000)}`, /shop.yaml: ./],
  ['deeply nested brackets', `name: x\nsource: ${'['.repeat(400)}${']'.repeat(400)}`, /has more than 200 levels/],
  ['a circular alias', 'name: x\nsource: &a [*a]', /levels|alias/],
])('a pipeline file with %s is invalid', async (_, text, message) => {
  const file = join(await temporaryFolder(), 'shop.yaml');
  await writeFile(file, text);
  await expect(parsePipelineFile(file)).rejects.toMatchObject({
    code: 'PIPELINE_INVALID',
    exitCode: 78,
    message: expect.stringMatching(message),
  });
});
