import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { temporaryFolder } from '../folders/temporary-folder.ts';

const root = resolve(import.meta.dirname, '../..');

/**
 * Writes a module for `node --import` that stubs GitHub for `aries`, so that tests never use the real one: three issues of
 * nodejs/node on two pages. Other processes are not affected.
 */
export async function githubStub(): Promise<string> {
  const folder = await temporaryFolder();
  const file = join(folder, 'stub.mjs');
  const nock = createRequire(join(root, 'templates/api/package.json')).resolve('nock');
  await writeFile(
    file,
    `if (/(?:bin[\\\\/]aries|[\\\\/]main\\.[jt]s)$/.test(process.argv[1] ?? '')) {
  const { default: nock } = await import(${JSON.stringify(pathToFileURL(nock).href)});
  const api = nock('https://api.github.com').persist();
  const path = '/repos/nodejs/node/issues';
  const link = '<https://api.github.com' + path + '?page=2>; rel="next"';
  api.get('/repos/nodejs/node').reply(200, {});
  api.get(path).query(({ page }) => page === undefined).reply(200, ${JSON.stringify([issue(1), issue(2)])}, { link });
  api.get(path).query({ page: '2' }).reply(200, ${JSON.stringify([issue(3)])});
}
`,
  );
  return pathToFileURL(file).href;
}

function issue(id: number): object {
  return {
    ...{ id, number: id, title: `issue ${id}`, state: 'open', comments: 0 },
    ...{ created_at: '2026-01-01T00:00:00Z', updated_at: `2026-01-0${id}T00:00:00Z`, closed_at: null },
  };
}
