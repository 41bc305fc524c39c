import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runAries } from '../../packages/cli/src/testing/run-aries.ts';
import { ensurePackages } from '../services/apt.ts';
import { freshDatabase } from '../services/database.ts';
import { SSHD_PACKAGES, type SshServer, startSshd } from '../services/sshd.ts';

const packages = await ensurePackages(SSHD_PACKAGES);
if (!packages.available) console.warn(`sshd: its tests are skipped. ${packages.reason}`);

describe.skipIf(!packages.available)('an SSH tunnel through OpenSSH', () => {
  let server: SshServer;
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  beforeAll(async () => {
    server = await startSshd();
    database = await freshDatabase();
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(
      `CREATE TABLE items AS SELECT i AS id, repeat('é', 500) AS text FROM generate_series(1, 20000) i`,
    );
    await client.query('ALTER TABLE items ADD PRIMARY KEY (id)');
    await client.query('CREATE SCHEMA copy');
    await client.end();
  });
  afterAll(async () => {
    await server.stop();
    await database[Symbol.asyncDispose]();
  });

  const check = async (config: Record<string, string>, env: Record<string, string> = {}) => {
    const known = { tunnel: server.url, tunnelKey: server.key, tunnelKnownHosts: server.knownHosts };
    return runAries(['check', 'postgres', '--role', 'source', '--config', '-'], {
      input: JSON.stringify({ url: database.url, ...known, ...config }),
      // Without the agent and known hosts of the user who runs the tests.
      env: { HOME: server.folder, SSH_AUTH_SOCK: '', ...env },
    });
  };

  test('datasets are read and loaded through it, over several connections, and the process ends', async () => {
    const staging = join(server.folder, 'staging');
    const known = { tunnel: server.url, tunnelKey: '${env:SSH_KEY}', tunnelKnownHosts: server.knownHosts };
    const env = { SSH_KEY: await readFile(server.key, 'utf8'), HOME: server.folder };
    const before = server.log().length;
    const extracted = await runAries(
      ['extract', 'postgres', '--staging', staging, '--streams', 'items', '--config', '-'],
      {
        input: JSON.stringify({ url: database.url, ...known }),
        env,
      },
    );
    expect(extracted.result).toMatchObject({ ok: true, streams: { items: { records: 20_000 } } });
    const loaded = await runAries(['load', 'postgres', '--input', extracted.result.dataset, '--config', '-'], {
      input: JSON.stringify({ url: database.url, schema: 'copy', ...known }),
      env,
    });
    expect(loaded.result).toMatchObject({ ok: true, streams: { items: { records: 20_000 } } });
    expect(server.log().slice(before)).toContain('Accepted publickey');
    expect(extracted.stdout + extracted.stderr + loaded.stdout + loaded.stderr).not.toContain('PRIVATE KEY');

    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query('SELECT count(*)::int AS n FROM (TABLE items EXCEPT TABLE copy.items) x');
    await client.end();
    expect(rows).toEqual([{ n: 0 }]);
  });

  test('a key with a passphrase, known hosts with hashed names, and a fingerprint instead', async () => {
    const locked = { tunnelKey: server.lockedKey, tunnelKeyPassphrase: server.passphrase };
    expect((await check(locked)).result).toMatchObject({ ok: true });
    expect((await check({ ...locked, tunnelKeyPassphrase: 'wrong' })).result).toMatchObject({
      exitCode: 78,
      error: { code: 'CONFIG_INVALID', hint: 'Check "tunnelKey" and "tunnelKeyPassphrase".' },
    });
    const hashed = join(server.folder, 'hashed');
    await writeFile(hashed, server.knownHosts);
    await promisify(execFile)('ssh-keygen', ['-H', '-f', hashed]);
    expect((await check({ tunnelKnownHosts: hashed })).result).toMatchObject({ ok: true });
    expect((await check({ tunnelKnownHosts: '/dev/null', tunnelHostKey: server.fingerprint })).result).toMatchObject({
      ok: true,
    });
  });

  test('a server with several keys is asked for the known one', async () => {
    const rsa = server.knownHosts.split('\n').filter((line) => line.includes('ssh-rsa'));
    expect((await check({ tunnelKnownHosts: rsa.join('\n') })).result).toMatchObject({ ok: true });
  });

  test('an unknown or different server is refused before any secret is sent', async () => {
    const before = server.log().length;
    const unknown = await check({ tunnelKnownHosts: '/dev/null' });
    expect(unknown.result).toMatchObject({ exitCode: 78, error: { code: 'CONFIG_INVALID' } });
    expect(unknown.result.error.message).toBe(
      `SSH tunnel: the key of 127.0.0.1 is not known: ssh-ed25519 ${server.fingerprint}`,
    );
    expect(unknown.result.error.hint).toContain('tunnelHostKey');
    const [, , ed25519 = ''] = server.knownHosts
      .split('\n')
      .find((line) => line.includes('ed25519'))!
      .split(' ');
    const flipped = Buffer.from(ed25519, 'base64');
    flipped[flipped.length - 1]! ^= 1;
    const other = `[127.0.0.1]:${server.port} ssh-ed25519 ${flipped.toString('base64')}`;
    const differs = await check({ tunnelKnownHosts: other });
    expect(differs.result.error.message).toContain('127.0.0.1 shows another key than the known one');
    const fingerprint = await check({ tunnelHostKey: `SHA256:${'A'.repeat(43)}` });
    expect(fingerprint.result).toMatchObject({ exitCode: 78, error: { code: 'CONFIG_INVALID' } });
    expect(server.log().slice(before)).not.toContain('Accepted');
    expect((await check({ tunnelKnownHosts: '/dev/null', tunnelHostKey: 'any' })).result).toMatchObject({ ok: true });
  });

  test('errors are told apart: no login 77, no key 78, no server and no database 75', async () => {
    const stranger = join(server.folder, 'stranger');
    await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', stranger]);
    expect((await check({ tunnelKey: stranger })).result).toMatchObject({
      exitCode: 77,
      error: { code: 'NOT_ALLOWED' },
    });
    expect((await check({ tunnelKey: '/nowhere/key' })).result).toMatchObject({
      exitCode: 78,
      error: { code: 'NOT_FOUND', message: 'SSH tunnel: the file that "tunnelKey" names cannot be read: ENOENT' },
    });
    expect((await check({ tunnel: 'ssh://me@127.0.0.1:1' })).result).toMatchObject({
      exitCode: 75,
      error: { code: 'UNREACHABLE', hint: 'Check host and port in "tunnel", and that an SSH server listens there.' },
    });
    expect((await check({ url: 'postgres://me@127.0.0.1:1/x' })).result).toMatchObject({
      exitCode: 75,
      error: { code: 'UNREACHABLE', message: expect.stringContaining('the server cannot connect to 127.0.0.1:1') },
    });
    await using closed = await startSshd(['PermitOpen 10.1.2.3:5432']);
    const { url, key, knownHosts } = closed;
    expect((await check({ tunnel: url, tunnelKey: key, tunnelKnownHosts: knownHosts })).result).toMatchObject({
      exitCode: 77,
      error: { code: 'NOT_ALLOWED', hint: expect.stringContaining('PermitOpen') },
    });
  });
});
