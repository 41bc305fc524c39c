import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { extract, load } from '@aries-data/engine';
import type { Connector, Disposition } from '@aries-data/sdk';
import { expect, onTestFinished, test } from 'vitest';
import { source } from '../source/source.ts';
import type { Stop } from '../testing/child.ts';
import { folderWith } from '../testing/read.ts';
import { destination } from './destination.ts';

const connector: Connector = {
  name: 'file',
  version: '0.0.0',
  source,
  destination,
};

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

async function idsIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name !== '_aries');
  const texts = await Promise.all(names.map((name) => readFile(`${folder}/${name}`, 'utf8')));
  return texts.map((text) => text.trim()).sort();
}

test.each([
  ['writing', 'replace', ['old'], 1],
  ['after prepare', 'replace', ['old'], 1],
  ['after prepare', 'append', ['old'], 1],
  // Committed, so the next load finishes it.
  ['after writeIfAbsent', 'replace', ['old'], 1],
  ['after publish', 'append', ['new', 'old'], 0],
] satisfies [Stop, Disposition, string[], number][])('killed %s (%s)', async (step, disposition, seen, left) => {
  const folder = await folderWith({ 'old.ndjson': '{"id":"old"}\n', 'new.ndjson': '{"id":"new"}\n' });
  const out = `${folder}/out`;
  const staged = async (name: string) => {
    const use = { connector, config: { url: `${folder}/${name}.ndjson`, stream: 'cities' } };
    return (await extract({ source: use, staging: `${folder}/staging`, name: 'job', runId: name })).dataset;
  };
  const into = { connector, config: { path: out } };
  await load({ destination: into, input: [await staged('old')], disposition: 'replace' });
  const input = await staged('new');

  const child = spawn(process.execPath, [`${import.meta.dirname}/../testing/child.ts`, input, out, disposition, step], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');

  expect(await idsIn(out)).toEqual(seen.map((id) => `{"id":"${id}"}`));
  expect((await filesBelow(out)).filter((name) => name.endsWith('.tmp'))).toHaveLength(left);

  await load({ destination: into, input: [input], disposition });
  expect(await idsIn(out)).toEqual((disposition === 'append' ? ['new', 'old'] : ['new']).map((id) => `{"id":"${id}"}`));
  expect((await filesBelow(out)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});
