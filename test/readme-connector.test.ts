import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import nock from 'nock';
import { afterEach, expect, test } from 'vitest';
import { runHere } from '../packages/cli/src/testing/run-here.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';

const readme = readFileSync(resolve(import.meta.dirname, '../README.md'), 'utf8');

afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

test('the connector of the README reads what is new, page by page', async () => {
  nock.disableNetConnect();
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'issues.ts'), /```ts\n([\s\S]*?)```/.exec(readme)![1]!);
  const issue = (id: number) => ({ id, title: `issue ${id}`, updated_at: `2026-01-0${id}T00:00:00Z` });
  const path = '/repos/nodejs/node/issues';
  const next = `<https://api.github.com${path}?state=all&page=2>; rel="next"`;
  const type = { 'content-type': 'application/json' };
  nock('https://api.github.com')
    .get(`${path}?state=all`)
    .reply(200, [issue(1)], { ...type, link: next })
    .get(`${path}?state=all&page=2`)
    .reply(200, [issue(2)], type)
    .get(`${path}?state=all&since=2026-01-02T00%3A00%3A00Z`)
    .reply(200, [issue(2), issue(3)], type);
  const run = async (runId: string) => {
    const { result } = await runHere([
      ...['extract', join(folder, 'issues.ts'), '--config', '{"repo":"nodejs/node"}'],
      ...['--staging', pathToFileURL(join(folder, 'staging')).href, '--name', 'issues', '--run-id', runId],
    ]);
    return result;
  };
  const first = await run('first');
  expect(first.streams.issues).toMatchObject({ records: 2, rejected: 0 });
  const loaded = await runHere([
    ...[
      'load',
      'duckdb',
      '--config',
      JSON.stringify({ path: join(folder, 'issues.duckdb') }),
      '--input',
      first.dataset,
    ],
  ]);
  expect(loaded.result.streams.issues).toMatchObject({ records: 2, disposition: 'merge' });
  // Issue 2 is loaded already.
  expect((await run('second')).streams.issues).toMatchObject({ records: 1, outside: 1 });
  expect(nock.isDone()).toBe(true);
});
