import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { expect, test } from 'vitest';
import { runAries } from '../packages/cli/src/testing/run-aries.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';
import { freshDatabase } from './services/database.ts';

const CANARY = 'canary-4c1d7e90';
const folder = (): Promise<string> => temporaryFolder();

test('a wrong password ends with 77, an unreachable server with 75, a missing field with 78, each with a result line', async () => {
  await using database = await freshDatabase();
  const check = (config: object) =>
    runAries(['check', 'postgres', '--config', JSON.stringify(config), '--role', 'source']);
  const wrong = new URL(database.url);
  wrong.password = CANARY;
  const refused = await check({ url: wrong.href });
  expect(refused).toMatchObject({
    code: 77,
    result: { ok: false, exitCode: 77, error: { code: 'NOT_ALLOWED', connector: 'postgres' } },
  });
  expect(refused.stdout + refused.stderr).not.toContain(CANARY);
  const gone = new URL(database.url);
  gone.port = '1';
  expect(await check({ url: gone.href })).toMatchObject({
    code: 75,
    result: { ok: false, exitCode: 75, error: { code: 'UNREACHABLE' } },
  });
  const missing = await runAries(['check', 'file', '--config', '{}']);
  expect(missing).toMatchObject({
    code: 78,
    result: { error: { code: 'CONFIG_INVALID', message: expect.stringContaining('config url is missing') } },
  });
});

test('a malformed line is 65; `dataset rejected` names its number', async () => {
  const root = await folder();
  await writeFile(join(root, 'lines.ndjson'), '{"n":1}\n{"n":2}\n{"n":\n{"n":4}\n');
  const args = [
    'extract',
    'file',
    '--config',
    '{"url":"lines.ndjson"}',
    '--staging',
    'staging',
    '--name',
    'lines',
    '--run-id',
    'r1',
  ];
  const failed = await runAries(args, { cwd: root });
  expect(failed).toMatchObject({
    code: 65,
    result: { ok: false, exitCode: 65, error: { code: 'RECORDS_REJECTED', stream: 'lines' } },
  });
  const allowed = await runAries([...args, '--max-rejected', '1'], { cwd: root });
  expect(allowed).toMatchObject({ code: 0, result: { streams: { lines: { records: 3, rejected: 1 } } } });
  expect((await runAries(['dataset', 'rejected', allowed.result.dataset])).stdout).toContain('lines.ndjson:3');
});

test('a malformed line is named by its number in the failure', async () => {
  const root = await folder();
  await writeFile(join(root, 'lines.ndjson'), '{"n":1}\n{"n":\n');
  const { result } = await runAries(['extract', 'file', '--config', '{"url":"lines.ndjson"}', '--staging', 'staging'], {
    cwd: root,
  });
  expect(result.error.message).toContain('lines.ndjson:2');
});

test('secrets in config, environment and URL are never printed, at any log level', async () => {
  await using database = await freshDatabase();
  const root = await folder();
  const url = new URL(database.url);
  const client = new pg.Client(database.url);
  await client.connect();
  const role = `canary_${process.pid}`;
  await client.query(`CREATE ROLE ${role} LOGIN SUPERUSER PASSWORD '${CANARY}'; CREATE TABLE t AS SELECT 1 AS n`);
  try {
    url.username = role;
    url.password = CANARY;
    const ways: [object, Record<string, string>][] = [
      [{ url: url.href }, {}],
      [{ url: `\${env:DATABASE_URL}` }, { DATABASE_URL: url.href }],
      [
        {
          host: url.hostname,
          port: Number(url.port),
          database: url.pathname.slice(1),
          user: role,
          password: `\${env:DB}`,
        },
        { DB: CANARY },
      ],
    ];
    for (const level of ['debug', 'error']) {
      for (const [config, env] of ways) {
        const flags = ['--log-level', level, '--result-file', join(root, 'result.json')];
        const extracted = await runAries(
          ['extract', 'postgres', '--config', JSON.stringify(config), '--staging', join(root, 'staging'), ...flags],
          { env },
        );
        const broken = { ...config, tables: ['nowhere'] };
        const failed = await runAries(
          ['extract', 'postgres', '--config', JSON.stringify(broken), '--staging', join(root, 'staging'), ...flags],
          { env },
        );
        expect({ code: extracted.code, log: extracted.code === 0 ? '' : extracted.stderr }).toEqual({
          code: 0,
          log: '',
        });
        expect(failed.code).not.toBe(0);
        for (const { stdout, stderr } of [extracted, failed]) expect(stdout + stderr).not.toContain(CANARY);
      }
    }
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) expect(await readFile(join(entry.parentPath, entry.name), 'latin1')).not.toContain(CANARY);
    }
  } finally {
    await client.query(`DROP ROLE ${role}`);
    await client.end();
  }
});

test('after SIGTERM in the middle of a real extract, the same run id resumes from what is durable', async () => {
  const root = await folder();
  await writeFile(
    join(root, 'big.ndjson'),
    `${Array.from({ length: 400_000 }, (_, n) => `{"n":${n},"text":"${'y'.repeat(100)}"}`).join('\n')}\n`,
  );
  const args = [
    'extract',
    'file',
    '--config',
    '{"url":"big.ndjson"}',
    '--staging',
    'staging',
    '--name',
    'big',
    '--run-id',
    'r1',
  ];
  let sent = false;
  const stopped = await runAries(args, {
    cwd: root,
    merged: true,
    onOutput: (text, kill) => {
      if (sent || !text.includes('read')) return;
      sent = true;
      setTimeout(() => kill('SIGTERM'), 50);
    },
  });
  expect(stopped).toMatchObject({ code: 143, result: { ok: false, exitCode: 143, error: { code: 'INTERRUPTED' } } });
  const again = await runAries(args, { cwd: root });
  expect(again).toMatchObject({ code: 0, result: { streams: { big: { records: 400_000 } } } });
});
