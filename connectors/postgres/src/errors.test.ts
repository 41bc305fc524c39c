import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { noHttp } from '@aries-data/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/services/database.ts';
import { freePort } from '../../../test/services/free-port.ts';
import { destinationConfig, sourceConfig } from './config.ts';
import { connect } from './connect/connect.ts';
import { socketOf } from './connect/open-client.ts';
import { destination } from './destination/destination.ts';
import { source } from './source/source.ts';
import { discover, silent, sql } from './testing/harness.ts';

let database: FreshDatabase;
let at: URL;

beforeAll(async () => {
  database = await freshDatabase();
  at = new URL(database.url);
});
afterAll(() => database[Symbol.asyncDispose]());

const check = (config: object) =>
  source.check!({
    config: sourceConfig.parse(config),
    log: silent,
    http: noHttp,
    signal: new AbortController().signal,
  });
const changed = (change: (url: URL) => void) => {
  const url = new URL(database.url);
  change(url);
  return url.href;
};

test.runIf(process.platform === 'linux')(
  'a server that falls silent is asked within a minute whether it is there',
  async () => {
    const session = await connect(sourceConfig.parse({ url: database.url }));
    const { localPort } = socketOf(session.client);
    const port = localPort!.toString(16).toUpperCase().padStart(4, '0');
    const sockets = `${await readFile('/proc/net/tcp', 'utf8')}${await readFile('/proc/net/tcp6', 'utf8').catch(() => '')}`;
    await session.end();
    // The active timer (2: keep-alive) and its remaining time in hundredths of a second.
    const [, timer, left] = new RegExp(`:${port} \\S+ 01 \\S+ (\\d\\d):([0-9A-F]{8})`).exec(sockets) ?? [];
    expect(timer).toBe('02');
    expect(Number.parseInt(left!, 16) / 100).toBeGreaterThan(30);
    expect(Number.parseInt(left!, 16) / 100).toBeLessThanOrEqual(60);
  },
);

describe('connecting', () => {
  test('a valid config works', async () => {
    await check({ url: database.url });
    await check({
      host: at.hostname,
      port: Number(at.port),
      user: at.username,
      password: at.password,
      database: at.pathname.slice(1),
    });
    // Options override the URL.
    await check({ url: changed((url) => (url.password = 'wrong')), password: at.password });
  });

  test('the first reachable host of the requested kind is used', async () => {
    const port = await freePort();
    const rest = `${at.username}:${at.password}@127.0.0.1:${port},${at.host}${at.pathname}`;
    await check({ url: `postgres://${rest}` });
    await check({ url: `postgres://${rest}?target_session_attrs=read-write` });
    await expect(check({ url: `postgres://${rest}?target_session_attrs=standby` })).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: `Postgres: none of 2 servers can be used: connect ECONNREFUSED 127.0.0.1:${port}; ${at.host} is a primary, but target_session_attrs is standby`,
    });
    await check({ url: `postgres://${rest}?target_session_attrs=prefer-standby` });
    // A refusal by one host ends the search.
    await expect(
      check({ url: `postgres://${at.username}:wrong@${at.host},127.0.0.1:${port}${at.pathname}` }),
    ).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    await expect(check({ url: `postgres://${rest}?target_session_attrs=fast` })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  test('a wrong password ends with 77 and is not shown', async () => {
    const error = await check({ url: changed((url) => (url.password = 'hunter2-canary')) }).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'NOT_ALLOWED', exitCode: 77 });
    expect(error.message).toBe('Postgres: password authentication failed for user "postgres" (SQLSTATE 28P01)');
    expect(
      JSON.stringify([error.message, error.stack, error.hint, String(error.cause), { ...error }, { ...error.cause }]),
    ).not.toContain('hunter2-canary');
  });

  test('a missing password ends with 77', async () => {
    const error = await check({ url: changed((url) => (url.password = '')) }).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'NOT_ALLOWED', hint: 'Set "password" in the config.' });
  });

  test('a refused connection ends with 75', async () => {
    const port = await freePort();
    await expect(check({ url: changed((url) => (url.port = String(port))) })).rejects.toMatchObject({
      code: 'UNREACHABLE',
      exitCode: 75,
      message: `Postgres: connect ECONNREFUSED 127.0.0.1:${port}`,
    });
  });

  test('an unknown host ends with 75', async () => {
    await expect(check({ url: changed((url) => (url.hostname = 'nowhere.invalid')) })).rejects.toMatchObject({
      code: 'UNREACHABLE',
    });
  });

  test('no response ends with 75 after connectTimeout', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    await expect(
      check({ url: changed((url) => (url.port = String(port))), connectTimeout: 0.3 }),
    ).rejects.toMatchObject({ code: 'UNREACHABLE' });
    server.close();
  });

  test('an unknown database ends with 78', async () => {
    await expect(check({ url: changed((url) => (url.pathname = '/nothing')) })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      exitCode: 78,
      message: 'Postgres: database "nothing" does not exist (SQLSTATE 3D000)',
    });
  });

  test('an invalid URL ends with 78 and is not shown', async () => {
    const error = await check({ url: 'postgres://user:sec/ret-canary@host:port/db' }).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', exitCode: 78 });
    expect(`${error.message} ${error.stack} ${error.hint} ${error.cause}`).not.toContain('canary');
  });

  test('required TLS that the server lacks ends with 78', async () => {
    await expect(check({ url: database.url, ssl: 'require' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'Postgres: The server does not support SSL connections',
    });
    await expect(check({ url: `${database.url}?sslmode=verify-full` })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    await check({ url: `${database.url}?sslmode=prefer` });
  });
});

describe('permissions', () => {
  beforeAll(() =>
    sql(
      database.url,
      `CREATE ROLE reader_${at.pathname.slice(1)} LOGIN PASSWORD 'p'`,
      'CREATE TABLE secrets (a int)',
      'CREATE SCHEMA closed',
    ),
  );
  afterAll(() =>
    sql(database.url, `DROP OWNED BY reader_${at.pathname.slice(1)}`, `DROP ROLE reader_${at.pathname.slice(1)}`),
  );
  const asReader = () =>
    changed((url) => {
      url.username = `reader_${at.pathname.slice(1)}`;
      url.password = 'p';
    });

  test('a table without SELECT is discovered, and reading it ends with 77', async () => {
    const streams = await discover(asReader());
    const open = streams.secrets!.readEncoded!.open({
      config: sourceConfig.parse({ url: asReader() }),
      log: silent,
      http: noHttp,
      signal: new AbortController().signal,
      stream: 'secrets',
      window: {},
      primaryKey: [],
      format: 'csv',
      concurrency: 1,
    });
    const read = async () => {
      for await (const { body } of open) for await (const _ of body);
    };
    await expect(read()).rejects.toMatchObject({
      code: 'NOT_ALLOWED',
      exitCode: 77,
      message: 'Postgres: permission denied for table secrets (SQLSTATE 42501)',
    });
  });

  test('schemas without USAGE or CREATE end with 77', async () => {
    await expect(check({ url: asReader(), schema: 'closed' })).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    const config = destinationConfig.parse({ url: asReader() });
    const signal = new AbortController().signal;
    await expect(destination.check!({ config, log: silent, http: noHttp, signal })).rejects.toMatchObject({
      code: 'NOT_ALLOWED',
      message: 'Postgres: the role may not create tables in the schema "public"',
    });
  });
});
