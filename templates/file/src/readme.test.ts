import { readFile } from 'node:fs/promises';
import { withOptions } from '@aries-data/testing';
import { expect, test } from 'vitest';
import * as connector from './index.ts';

// To update README.md after a change to the config: npm test -- -u
test('README.md lists the options of the config', async () => {
  const file = new URL('../README.md', import.meta.url);
  const readme = await readFile(file, 'utf8');
  await expect(withOptions(readme, connector)).toMatchFileSnapshot(file.pathname);
});
