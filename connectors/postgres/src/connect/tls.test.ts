import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../../../../test/folders/temporary-folder.ts';
import { startPostgres } from '../../../../test/services/postgres.ts';
import type { PostgresServer } from '../../../../test/services/postgres-server.ts';
import { type ConnectionConfig, sourceConfig } from '../config.ts';
import { read, sql } from '../testing/harness.ts';
import { startTestSshServer } from '../testing/ssh-server.ts';
import { connect, query } from './connect.ts';

// Node alone cannot create certificates.
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

describe.skipIf(!hasOpenssl)('TLS', async () => {
  const folder = await temporaryFolder();
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  let server: PostgresServer;

  beforeAll(async () => {
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const command = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      '-days',
      '2',
      ...subject,
    ];
    execFileSync('openssl', command, { stdio: 'ignore' });
    chmodSync(folder, 0o755);
    if (process.getuid?.() === 0) {
      const idOf = (flag: string) => Number(execFileSync('id', [flag, serverUser()], { encoding: 'utf8' }));
      for (const file of [key, cert]) chownSync(file, idOf('-u'), idOf('-g'));
    }
    server = await startPostgres({
      settings: { ssl: 'on', ssl_cert_file: cert, ssl_key_file: key, unix_socket_directories: tmpdir() },
    });
  });
  afterAll(() => server.stop());

  const usesTls = async (host: string, config: Partial<ConnectionConfig>) => {
    const session = await connect(sourceConfig.parse({ url: server.url.replace('127.0.0.1', host), ...config }));
    try {
      const { rows } = await query<{ ssl: boolean }>(
        session,
        'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
      );
      return rows[0]!.ssl;
    } finally {
      await session.end();
    }
  };

  test('is used if the server supports it, unless it is disabled', async () => {
    expect(await usesTls('localhost', {})).toBe(true);
    expect(await usesTls('localhost', { ssl: 'require' })).toBe(true);
    expect(await usesTls('localhost', { ssl: 'disable' })).toBe(false);
  });

  test('checks certificate and host name if requested', async () => {
    expect(await usesTls('localhost', { ssl: 'verify-full', sslRootCert: cert })).toBe(true);
    expect(await usesTls('127.0.0.1', { ssl: 'verify-ca', sslRootCert: cert })).toBe(true);
    const refused = { code: 'CONFIG_INVALID', exitCode: 78 };
    await expect(usesTls('127.0.0.1', { ssl: 'verify-full', sslRootCert: cert })).rejects.toMatchObject(refused);
    await expect(usesTls('localhost', { ssl: 'verify-full' })).rejects.toMatchObject(refused);
    // Without checking the host name, a public authority proves nothing.
    await expect(usesTls('localhost', { ssl: 'verify-ca' })).rejects.toMatchObject(refused);
    await expect(usesTls('localhost', { ssl: 'verify-ca', sslRootCert: 'system' })).rejects.toMatchObject(refused);
    await expect(usesTls('localhost', { sslRootCert: join(folder, 'none.pem') })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test("uses libpq's environment variables if config and URL say nothing", async () => {
    vi.stubEnv('PGSSLMODE', 'disable');
    expect(await usesTls('localhost', {})).toBe(false);
    expect(await usesTls('localhost', { ssl: 'require' })).toBe(true);
    vi.stubEnv('PGSSLMODE', 'verify-full');
    vi.stubEnv('PGSSLROOTCERT', cert);
    expect(await usesTls('localhost', {})).toBe(true);
    await expect(usesTls('127.0.0.1', {})).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    vi.unstubAllEnvs();
  });

  test('refuses a private key that others may read', async () => {
    const ours = join(folder, 'ours.pem');
    copyFileSync(key, ours);
    chmodSync(ours, 0o644);
    await expect(usesTls('localhost', { sslCert: cert, sslKey: ours })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `Postgres: others may read the private key ${ours}`,
    });
    chmodSync(ours, 0o600);
    expect(await usesTls('localhost', { sslCert: cert, sslKey: ours })).toBe(true);
  });

  test('is not used on a Unix socket', async () => {
    const socket = server.url.replace(/@[^/]*\//, '@/');
    const session = await connect(
      sourceConfig.parse({ url: `${socket}?host=${tmpdir()}&port=${server.port}`, ssl: 'require' }),
    );
    const { rows } = await query<{ port: number | null }>(session, 'SELECT inet_client_port() AS port');
    expect(rows[0]!.port).toBeNull();
    await session.end();
  });

  test('checks certificate and host name of the database through an SSH tunnel as well', async () => {
    await using ssh = await startTestSshServer();
    const tunnel = { tunnel: ssh.url, tunnelPassword: ssh.password, tunnelHostKey: 'any' };
    expect(await usesTls('localhost', { ...tunnel, ssl: 'verify-full', sslRootCert: cert })).toBe(true);
    expect(await usesTls('localhost', { ...tunnel, ssl: 'disable' })).toBe(false);
    await expect(usesTls('127.0.0.1', { ...tunnel, ssl: 'verify-full', sslRootCert: cert })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      exitCode: 78,
    });
  });

  test('transfers rows intact', async () => {
    await sql(server.url, `CREATE TABLE items AS SELECT i, repeat('x', 100) AS t FROM generate_series(1, 50000) i`);
    expect(await read(server.url.replace('127.0.0.1', 'localhost'), 'items')).toMatchObject({ rows: 50_000 });
  });
});

/** The user that runs Postgres if the tests run as root. */
function serverUser(): string {
  return spawnSync('id', ['-u', 'postgres']).status === 0 ? 'postgres' : 'nobody';
}
