import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../../test/services/database.ts';
import { sourceConfig } from '../config.ts';
import { startTestSshServer, type TestSshServer } from '../testing/ssh-server.ts';
import { connect, query } from './connect.ts';

describe('an SSH tunnel', () => {
  let server: TestSshServer;
  let database: FreshDatabase;
  beforeAll(async () => {
    database = await freshDatabase();
    server = await startTestSshServer();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  const open = (config: object = {}) =>
    connect(
      sourceConfig.parse({
        url: database.url,
        tunnel: server.url,
        tunnelHostKey: 'any',
        tunnelPassword: server.password,
        ...config,
      }),
    );
  const one = (session: Awaited<ReturnType<typeof open>>) =>
    query<{ one: number }>(session, 'SELECT 1 AS one').then(({ rows }) => rows[0]?.one);

  test('is shared by concurrent sessions, and ends with the last one', async () => {
    const sessions = await Promise.all([open(), open(), open()]);
    expect(await Promise.all(sessions.map(one))).toEqual([1, 1, 1]);
    expect(server.logins).toHaveLength(1);
    const closed = once(server.logins[0]!, 'close');
    await Promise.all(sessions.map((session) => session.end()));
    await closed;
    const again = await open();
    expect(server.logins).toHaveLength(2);
    await again.end();
  });

  test('takes the password from the URL, also for servers that prompt', async () => {
    server.keyboardOnly = true;
    const session = await open({ tunnel: server.url.replace('me@', 'me:open%2Fsesame@'), tunnelPassword: undefined });
    expect(await one(session)).toBe(1);
    await session.end();
    expect(server.methods).toContain('keyboard-interactive');
    server.keyboardOnly = false;
    await expect(open({ tunnelPassword: 'wrong' })).rejects.toMatchObject({ code: 'NOT_ALLOWED', exitCode: 77 });
  });

  test('ends with 75 if it breaks, and the next session logs in again', async () => {
    const session = await open();
    const sleeping = query(session, 'SELECT pg_sleep(60)');
    server.logins.at(-1)!.end();
    await expect(sleeping).rejects.toMatchObject({ code: 'UNREACHABLE', exitCode: 75 });
    const again = await open();
    expect(await one(again)).toBe(1);
    await again.end();
  });

  test('needs a user, a login method, and a database port', async () => {
    await expect(open({ tunnel: 'ssh://127.0.0.1' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(open({ url: undefined, host: '/tmp' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'Postgres: a tunnel leads to a host and a port, not to a Unix socket',
    });
    const agent = process.env.SSH_AUTH_SOCK;
    delete process.env.SSH_AUTH_SOCK;
    await expect(open({ tunnelPassword: undefined })).rejects.toMatchObject({
      message: 'SSH tunnel: there is neither a key nor a password, and no SSH agent',
    });
    if (agent !== undefined) process.env.SSH_AUTH_SOCK = agent;
  });
});
