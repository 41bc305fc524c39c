/** Result lines of failing commands, one for each exit code, and of commands that only read. */

import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'vitest';
import { layOut } from './lay-out.ts';
import { withoutWords, wordsOf } from './words.ts';
import { connector, createWorld } from './world.ts';

const SHOP = connector('shop');
const EXTRACT = ['extract', SHOP, '--staging', 'staging', '--name', 'shop'];
const failing = (how: string) => [...EXTRACT, '--config', JSON.stringify({ fail: how })];

/** Commands that fail, by exit code. */
const FAILURES: Record<string, string[][]> = {
  2: [
    ['extract', SHOP],
    ['extrct', SHOP],
  ],
  65: [failing('rejected')],
  70: [failing('bug')],
  75: [
    failing('unreachable'),
    ['load', connector('sink'), '--config', '{"path":"lines.ndjson"}', '--input', 'staging/shop/none/extract'],
    [...EXTRACT, '--run-id', 'r1', '--partition', '0/2'],
    ['run', 'broken.yaml', '--run-id', 'r2'],
  ],
  77: [failing('not-allowed'), ['check', SHOP, '--config', '{"fail":"not-allowed"}']],
  78: [failing('in-no-way'), ['check', 'postgrs']],
  99: [
    [...failing('empty'), '--skip-empty'],
    ['load', connector('sink'), '--config', '{"path":"x"}', '--input', 'staging/shop/none/extract', '--skip-missing'],
  ],
  129: [failing('SIGHUP')],
  130: [failing('SIGINT')],
  143: [failing('SIGTERM')],
};

const PIPELINE = `name: shop
source: { use: ${SHOP}, config: { fail: unreachable } }
destination: { use: ${connector('sink')}, config: { path: lines.ndjson } }
staging: staging
`;

test.concurrent('commands that fail', async ({ expect }) => {
  await using world = await createWorld({ 'broken.yaml': PIPELINE });
  for (const [exitCode, commands] of Object.entries(FAILURES)) {
    for (const command of commands) expect.soft((await world.aries(command)).code).toBe(Number(exitCode));
  }
  const blocks = world.transcript().split('\n\n');
  await expect.soft(withoutWords(world.transcript())).toMatchFileSnapshot('golden/results/failures.txt');
  const words = blocks.map((block) =>
    [block.split('\n')[0], ...wordsOf(block).map((text) => `  ${text}`), ''].join('\n'),
  );
  await expect.soft(words.join('\n')).toMatchFileSnapshot('golden/words/failures.txt');
});

test.concurrent('commands that only look', async ({ expect }) => {
  await using world = await createWorld({ 'orders.csv': 'id,at\n1,2024-01-01T08:00:00Z\n' });
  const file = '{"url":"orders.csv"}';
  await world.aries(['check', SHOP, '--config', '{}']);
  await world.aries(['discover', SHOP, '--config', '{}', '--json']);
  await world.aries(['discover', 'file', '--config', file, '--json']);
  await world.aries(['state', 'show', '--staging', 'staging', '--name', 'shop']);
  await world.aries(['new', 'pipeline', 'orders', '--yes']);
  await expect.soft(withoutWords(world.transcript())).toMatchFileSnapshot('golden/results/looks.txt');
});

// Each folder in this repository is a package with the same name.
const CONNECTORS = globSync('connectors/*/package.json', { cwd: join(import.meta.dirname, '../..') })
  .map((path) => basename(join(path, '..')))
  .filter((name) => name !== 'transforms');
const TRANSFORMS = ['dedupe', 'filter', 'flatten', 'select'];

describe.concurrent('spec --json', () => {
  test.for([...CONNECTORS, ...TRANSFORMS].sort())('%s', async (name, { expect }) => {
    await using world = await createWorld();
    const { code, stdout } = await world.aries(['spec', name, '--json']);
    expect(code).toBe(0);
    // The line has no spaces; the file is formatted for people.
    expect(stdout).toBe(`${JSON.stringify(JSON.parse(stdout))}\n`);
    const spec = JSON.parse(withoutWords(world.mask(stdout)));
    await expect(`${layOut(spec)}\n`).toMatchFileSnapshot(`golden/spec/${name}.json`);
  });
});
