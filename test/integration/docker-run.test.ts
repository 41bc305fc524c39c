import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { runAries } from '../../packages/cli/src/testing/run-aries.ts';
import { temporaryFolder } from '../folders/temporary-folder.ts';
import { type AriesImages, ariesImages } from '../services/aries-images.ts';
import { createBucket } from '../services/bucket.ts';
import { runImage } from '../services/containers.ts';
import { freshDatabase } from '../services/database.ts';
import { dockerDoes, dockerEnvironment } from '../services/docker.ts';
import { noService } from '../services/no-service.ts';
import { query } from '../services/query.ts';

const engine = inject('docker');
const s3 = inject('s3');
const root = resolve(import.meta.dirname, '../..');
const guide = readFileSync(join(root, 'docs/guides/docker.md'), 'utf8');
const SECRET = 'canary-4711-secret';

describe('containers', () => {
  if (engine.state !== 'ready' || s3.state !== 'ready') {
    noService('engine and S3 start', engine, s3);
    return;
  }
  let images: AriesImages;
  let temporary: string;
  let rows: string;
  let bucket: string;
  const credentials = { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey };
  const onS3 = (path: string) =>
    `s3://${bucket}/${path}?endpoint=${encodeURIComponent(s3.endpoint)}&region=${s3.region}`;
  const extracting = (config: object, name: string) => [
    'extract',
    ...['--config', JSON.stringify(config), '--staging', onS3('staging'), '--name', name, '--run-id', 'monday'],
  ];

  beforeAll(async () => {
    temporary = await temporaryFolder();
    bucket = await createBucket(s3);
    images = await ariesImages(engine, ['postgres', 'file']);
    const { code, output } = await images.build(join(root, 'test/fixtures/rows-image'), 'rows');
    expect(code, output).toBe(0);
    rows = `${images.prefix}rows`;
  });

  test('docs/guides/docker.md: the images extract, transform and load in three containers', async () => {
    await using database = await freshDatabase();
    const folder = join(temporary, 'numbers');
    mkdirSync(folder);
    const files = { 'package.json': 'json', 'index.ts': 'ts', Dockerfile: 'dockerfile', '.dockerignore': 'gitignore' };
    for (const [file, language] of Object.entries(files)) writeFileSync(join(folder, file), block(language));
    const env = { ...credentials, AWS_REGION: s3.region, DATABASE_URL: database.url };
    const printed = commands().map((command) => {
      // docker/build has already built the images; the rest runs as written, except for names and this machine's network.
      if (command.startsWith('docker/build')) return '';
      if (command.startsWith('docker build'))
        writeFileSync(join(folder, 'Dockerfile'), `FROM ${images.prefix}aries-data\n`);
      const here = command
        .replace(/^docker (run|build)/, 'docker $1 --network host')
        // Only the first occurrence is the image; arguments may have the same name.
        .replace(/ (numbers|aries-data|aries-postgres) /, ` ${images.prefix}$1 `)
        .replaceAll(/'s3:\/\/bucket\/([^']*)'/g, (_, path) => `'${onS3(path)}'`);
      const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', here], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...dockerEnvironment(engine), ...env },
      });
      expect({ command, status, output: status === 0 ? '' : stdout + stderr }).toEqual({
        command,
        status: 0,
        output: '',
      });
      return stdout.trimEnd().split('\n').at(-1)!;
    });
    expect(printed).toHaveLength(6);
    expect(JSON.parse(printed.at(-1)!).streams.numbers).toMatchObject({
      records: 1000,
      rejected: 0,
      outcome: 'loaded',
    });
    const counted = await query(
      database.url,
      "SELECT count(*)::int AS rows, count(DISTINCT n)::int AS numbers, count(*) FILTER (WHERE name = 'number ' || n)::int AS trimmed FROM numbers",
    );
    expect(counted).toEqual([{ rows: 1000, numbers: 1000, trimmed: 1000 }]);
  });

  test('the output of aries new builds unchanged and runs its .ts', async () => {
    const made = await runAries(['new', 'connector', 'weather', '--template', 'file'], { cwd: temporary });
    expect(made.code, made.stdout + made.stderr).toBe(0);
    const { code, output } = await images.build(made.result.folder, 'weather');
    expect(code, output).toBe(0);
    const { result, log } = await runImage(engine, `${images.prefix}weather`, ['spec']);
    expect(result, log).toMatchObject({ ok: true, connector: 'weather' });
  });

  test('docs/guides/docker.md: an image for a pipeline contains both connectors', async () => {
    await using database = await freshDatabase();
    const folder = join(temporary, 'pipeline');
    mkdirSync(folder);
    writeFileSync(join(folder, 'Dockerfile'), block('dockerfile', 1));
    const load = { use: 'postgres', config: { url: '${env:DATABASE_URL}' } };
    const read = { use: 'file', config: { url: './package.json', format: 'json', stream: 'packages' } };
    writeFileSync(
      join(folder, 'pipeline.yaml'),
      JSON.stringify({ name: 'packages', source: read, destination: load, staging: onS3('staging') }),
    );
    const { code, output } = await images.build(folder, 'pipeline');
    expect(code, output).toBe(0);
    const { result, log } = await runImage(engine, `${images.prefix}pipeline`, ['run', 'pipeline.yaml'], {
      env: { ...credentials, DATABASE_URL: database.url },
    });
    expect(result?.streams?.packages, log).toMatchObject({ records: 1, outcome: 'loaded' });
  });

  test('docs/guides/docker.md: a Dockerfile of its own builds on aries-data:core', async () => {
    const folder = join(temporary, 'compiled');
    mkdirSync(folder);
    const manifest = JSON.parse(block('json'));
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ ...manifest, scripts: { build: 'test -e index.ts' } }),
    );
    writeFileSync(join(folder, 'index.ts'), block('ts'));
    // The SDK is a peer dependency that the base provides.
    writeFileSync(join(folder, '.npmrc'), 'legacy-peer-deps=true\n');
    spawnSync('npm', ['install', '--package-lock-only'], { cwd: folder });
    writeFileSync(join(folder, 'Dockerfile'), block('dockerfile', 2));
    const { code, output } = await images.build(folder, 'compiled');
    expect(code, output).toBe(0);
    const { result } = await runImage(engine, `${images.prefix}compiled`, ['spec']);
    expect(result).toMatchObject({ ok: true, connector: 'numbers', version: '1.0.0' });
  });

  test('runs as an unprivileged user, even an unknown one', async () => {
    const whoami = await dockerDoes(engine, ['run', '--rm', '--network', 'host', '--entrypoint', 'id', rows, '-u']);
    expect(whoami).toBe('1000');
    const flags = ['--user', '54321:54321'];
    const args = ['extract', '--config', '{"count":10}', '--staging', '/tmp/staging'];
    const { code, result, log } = await runImage(engine, rows, args, { flags });
    expect({ code, log: code === 0 ? '' : log }).toEqual({ code: 0, log: '' });
    expect(result).toMatchObject({ ok: true, streams: { rows: { records: 10 } } });
  });

  test('SIGTERM ends it with 143, and the same command resumes from what is durable', async () => {
    const args = extracting({ count: 20_000, pause: '200ms' }, 'stopped');
    let since = 0;
    const first = await runImage(engine, rows, args, {
      env: credentials,
      signalAt: (log) => {
        if (!log.includes('reading from 0')) return undefined;
        since ||= Date.now();
        // The engine makes the first checkpoint durable after half a second.
        return Date.now() - since > 2000 ? 'TERM' : undefined;
      },
    });
    expect({ code: first.code, result: first.result }).toEqual({
      code: 143,
      result: { ok: false, exitCode: 143, error: expect.objectContaining({ code: 'INTERRUPTED', kind: 'transient' }) },
    });
    const second = await runImage(engine, rows, args, { env: credentials });
    expect(second.code, second.log).toBe(0);
    expect(Number(/reading from (\d+)/.exec(second.log)?.[1])).toBeGreaterThan(0);
    expect(second.result.streams.rows).toMatchObject({ records: 20_000, rejected: 0 });
  });

  test('a limit of 256 MB holds for a dataset of 2 GB, extracted and loaded', async () => {
    await using database = await freshDatabase();
    const [count, width] = [1_000_000, 2000];
    const flags = ['--memory', '256m', '--memory-swap', '256m'];
    const extracted = await runImage(engine, rows, extracting({ count, width }, 'large'), { env: credentials, flags });
    expect(extracted.code, extracted.log).toBe(0);
    expect(extracted.result.streams.rows.records).toBe(count);
    const load = ['load', '--config', '{"url":"${env:DATABASE_URL}"}', '--input', extracted.result.dataset];
    const env = { ...credentials, DATABASE_URL: database.url };
    const loaded = await runImage(engine, `${images.prefix}aries-postgres`, load, { env, flags });
    expect(loaded.code, loaded.log).toBe(0);
    expect(loaded.result.streams.rows).toMatchObject({ records: count, rejected: 0, outcome: 'loaded' });
    console.log(
      `2 GB in 256 MB: extracted in ${extracted.result.durationMs} ms, loaded in ${loaded.result.durationMs} ms`,
    );
  });

  test.each(['env', 'file'])('a secret passed by %s appears in no argument and no log', async (kind) => {
    const file = join(temporary, 'token');
    writeFileSync(file, `${SECRET}\n`);
    chmodSync(file, 0o644);
    const [token, options] =
      kind === 'env'
        ? ['${env:TOKEN}', { env: { TOKEN: SECRET } }]
        : ['${file:/run/secrets/token}', { flags: ['--volume', `${file}:/run/secrets/token:ro`] }];
    const args = [
      'extract',
      '--config',
      JSON.stringify({ count: 5, token }),
      '--staging',
      '/tmp/staging',
      '--log-level',
      'debug',
    ];
    const { code, log, inspected } = await runImage(engine, rows, args, options);
    expect(code, log).toBe(0);
    expect(log).toMatch(/reading from 0 with (?!undefined)/);
    expect(log).not.toContain(SECRET);
    expect(inspected).not.toContain(SECRET);
  });

  test.each([
    ['success', '{"count":5}', 0],
    ['failure', '{"count":"five"}', 78],
  ])('the result is the last line of the merged log, and in XCom’s file, on %s', async (_, config, exitCode) => {
    const runs = Array.from({ length: 4 }, async (_, index) => {
      const xcom = join(temporary, `xcom-${exitCode}-${index}`);
      mkdirSync(xcom);
      // World-writable, like an emptyDir in Kubernetes.
      chmodSync(xcom, 0o777);
      const args = ['extract', '--config', config, '--staging', '/tmp/staging'];
      const ended = await runImage(engine, rows, args, { flags: ['--volume', `${xcom}:/airflow/xcom`] });
      return { ...ended, xcom: JSON.parse(readFileSync(join(xcom, 'return.json'), 'utf8')) };
    });
    for (const { code, log, result, xcom } of await Promise.all(runs)) {
      expect({ code, log: result === undefined ? log : '' }).toEqual({ code: exitCode, log: '' });
      expect(result.ok).toBe(exitCode === 0);
      expect(xcom).toEqual(result);
    }
  });
});

/** Returns the guide's n-th block in a language. */
function block(language: string, n = 0): string {
  return [...guide.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm'))][n]![1]!;
}

/** Extracts the guide's commands, with continuation lines joined. */
function commands(): string[] {
  return [...guide.matchAll(/^```bash\n([\s\S]*?)^```/gm)].flatMap(([, text = '']) =>
    text
      .replaceAll(/\\\n\s*/g, '')
      .trim()
      .split('\n'),
  );
}
