/**
 * This version must be able to use a staging that an earlier version wrote (see README.md). That proves that digests, checksums,
 * fingerprints and names are unchanged, which masked golden files cannot.
 */

import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'vitest';
import { connector, createWorld } from './world.ts';

test('datasets, plans, checkpoints, states and ledgers of an earlier version are valid', async ({ expect }) => {
  await using world = await createWorld();
  await cp(join(import.meta.dirname, 'stored'), world.path('staging'), { recursive: true });
  const extract = ['extract', connector('shop'), '--config', '{}', '--staging', 'staging', '--run-id', 'r1'];
  const load = ['load', connector('sink'), '--config', '{"path":"lines.ndjson"}', '--input'];

  // The same inputs have the same fingerprint, so nothing is read.
  const { result } = await world.aries([...extract, '--name', 'finished']);
  expect.soft(result.dataset).toMatch(/#sha256-046f5b4989d7d549eef37d133a4867667dc5957bfd605d32f553c65f9c78dba6$/);
  // The ledger next to the state has the dataset.
  expect
    .soft((await world.aries([...load, 'staging/finished/r1/extract'])).result.streams.orders.outcome)
    .toBe('already-loaded');
  await world.aries(['state', 'show', '--staging', 'staging', '--name', 'finished']);
  // Reading resumes after the checkpoint of the interrupted attempt.
  await world.aries([...extract, '--name', 'interrupted']);
  await world.aries(['dataset', 'head', 'staging/interrupted/r1/extract']);
  const resumed = await readFile(world.path('staging/interrupted/r1/extract/manifest.json'), 'utf8');
  expect.soft(resumed).toContain('758392050381-00000');
  // The plan has the same inputs.
  await world.aries([...extract, '--name', 'planned', '--partition', '0/1']);
  await world.aries([...load, 'staging/planned/r1']);

  await expect.soft(world.transcript()).toMatchFileSnapshot('golden/stored/result-lines.txt');
  await expect.soft(await world.tree('staging')).toMatchFileSnapshot('golden/stored/staging.txt');
});
