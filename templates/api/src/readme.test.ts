import { readFile } from 'node:fs/promises';
import { withOptions } from '@aries-data/testing';
import { expect, test } from 'vitest';
import * as connector from './index.ts';

// After a change of the config: npm test -- -u
test('README.md shows the options as the config declares them', async () => {
  const file = new URL('../README.md', import.meta.url);
  const readme = await readFile(file, 'utf8');
  await expect(withOptions(readme, connector)).toMatchFileSnapshot(file.pathname);
});
