import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { imageSize } from '../../docker/image-size.ts';
import { billFaults } from '../../scripts/packages/bills-of-materials.ts';
import { imageGrowth, recordedSizes, recordSizes } from '../../scripts/packages/recorded-sizes.ts';
import { temporaryFolder } from '../folders/temporary-folder.ts';
import { type AriesImages, ariesImages } from '../services/aries-images.ts';
import { runImage } from '../services/containers.ts';
import { dockerDoes } from '../services/docker.ts';
import { noService } from '../services/no-service.ts';

const engine = inject('docker');
const root = resolve(import.meta.dirname, '../..');
const MEGABYTE = 1_000_000;
const CONNECTORS = readdirSync(join(root, 'connectors')).filter((name) =>
  manifestIn(join(root, 'connectors', name)).name.startsWith('@aries-data/connector-'),
);

describe('images', () => {
  if (engine.state !== 'ready') {
    noService('an engine starts', engine);
    return;
  }
  let images: AriesImages;
  let temporary: string;
  beforeAll(async () => {
    temporary = await temporaryFolder();
    // No names means all of them.
    images = await ariesImages(engine, []);
  });

  /** Copies the fixture connector with changes. */
  const connector = (name: string, files: Record<string, string> = {}): string => {
    const folder = join(temporary, name);
    cpSync(join(root, 'test/fixtures/rows-image'), folder, { recursive: true });
    for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
    return folder;
  };
  const inside = (name: string, command: string) =>
    dockerDoes(engine, ['run', '--rm', '--network', 'host', '--entrypoint', 'sh', images.prefix + name, '-c', command]);
  const inspect = async (name: string) => JSON.parse(await dockerDoes(engine, ['inspect', images.prefix + name]))[0];

  test('the base adds at most 60 MB to the Node image, and has labels', async () => {
    const base = await inspect('aries-data');
    const [node] = JSON.parse(await dockerDoes(engine, ['inspect', engine.nodeImage]));
    console.log(`aries-data adds ${((base.Size - node.Size) / MEGABYTE).toFixed(1)} MB to the Node image`);
    expect(base.Size - node.Size).toBeLessThan(60 * MEGABYTE);
    const { version } = manifestIn(join(root, 'packages/cli'));
    expect(base.Config).toMatchObject({
      User: '1000:1000',
      Entrypoint: ['aries'],
      WorkingDir: '/aries/connector',
      Env: expect.arrayContaining(['NODE_ENV=production']),
      OnBuild: ['USER 0:0', 'COPY . .', 'RUN aries-install', 'USER 1000:1000'],
      Labels: {
        'org.opencontainers.image.title': 'aries-data',
        'org.opencontainers.image.version': version,
        'org.opencontainers.image.licenses': 'MIT',
        'org.opencontainers.image.revision': expect.stringMatching(/^[0-9a-f]{40}$/),
        'org.opencontainers.image.created': expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      },
    });
    const core = await inspect('aries-data:core');
    expect(core.Config.OnBuild ?? []).toEqual([]);
    expect(core.Config.Entrypoint).toEqual(['aries']);
  });

  test('the base holds the list of all packages in it, as CycloneDX', async () => {
    const text = await inside('aries-data', 'cat /opt/aries/sbom.cdx.json');
    expect(await billFaults(text)).toEqual([]);
    const { components } = JSON.parse(text) as { components: { purl: string }[] };
    const listed = components.map(({ purl }) => decodeURIComponent(purl));
    const installed = `
      const { packages } = require('/opt/aries/node_modules/.package-lock.json');
      for (const [path, { version }] of Object.entries(packages)) console.log(path.replace(/.*node_modules\\//, '') + '@' + version);`;
    const there = (await inside('aries-data', `node -e "${installed}"`)).split('\n');
    expect(there.length).toBeGreaterThan(20);
    for (const each of there.filter((one) => !one.startsWith('@aries-data/cli@')))
      expect(listed).toContain(`pkg:npm/${each}`);
  });

  test('no image has grown by more than docs/performance.md allows', async () => {
    const history = (image: string) =>
      dockerDoes(engine, ['history', '--no-trunc', '--human=false', '--format', '{{json .}}', image]);
    const below = await history(`${images.prefix}aries-data`);
    const measured = {
      'aries-data': imageSize('node:24-bookworm-slim', below, await history(engine.nodeImage)),
      ...Object.fromEntries(
        await Promise.all(
          CONNECTORS.map(async (name) => {
            const size = imageSize('aries-data', await history(`${images.prefix}aries-${name}`), below);
            return [`aries-${name}`, size] as const;
          }),
        ),
      ),
    };
    if (process.env.ARIES_RECORD_SIZES === '1') recordSizes(root, { images: measured });
    expect(imageGrowth(recordedSizes(root), measured)).toEqual([]);
  });

  test('aries --version takes at most twice as long as node -e 0', async () => {
    // Both are timed inside one container, so the engine's own start time does not count.
    const timing = `
      const { spawnSync } = require('node:child_process');
      const time = (command, args) => {
        const start = performance.now();
        if (spawnSync(command, args).status !== 0) throw new Error(command + ' failed');
        return performance.now() - start;
      };
      const median = (times) => (times.sort((a, b) => a - b)[4] + times[5]) / 2;
      const node = [], aries = [];
      for (let n = 0; n < 10; n++) {
        node.push(time('node', ['-e', '0']));
        aries.push(time('aries', ['--version']));
      }
      console.log(median(aries) / median(node));`;
    const args = [
      'run',
      '--rm',
      '--network',
      'host',
      '--entrypoint',
      'node',
      `${images.prefix}aries-data`,
      '-e',
      timing,
    ];
    const ratio = Number(await dockerDoes(engine, args));
    console.log(`aries --version takes ${ratio.toFixed(2)} times node -e 0 in the container`);
    expect(ratio).toBeLessThan(2);
  });

  test.each(['64', '256', '2048'])('the heap is half of a limit of %s MB', async (limit) => {
    const heap = 'v8.getHeapStatistics().heap_size_limit / 2 ** 20';
    const memory = ['--memory', `${limit}m`, '--entrypoint', 'node'];
    const printed = await dockerDoes(engine, [
      'run',
      '--rm',
      '--network',
      'host',
      ...memory,
      `${images.prefix}aries-data`,
      '-p',
      heap,
    ]);
    // The young generation comes on top.
    expect(Number(printed)).toBeGreaterThan(Number(limit) * 0.45);
    expect(Number(printed)).toBeLessThan(Number(limit) * 0.5 + 100);
  });

  test.each(CONNECTORS)('the image of %s is that connector', async (name) => {
    expect((await runImage(engine, `${images.prefix}aries-${name}`, ['spec'])).result).toMatchObject({
      ok: true,
      connector: name,
    });
    expect(readFileSync(join(root, 'connectors', name, 'Dockerfile'), 'utf8')).toBe('FROM aries-data\n');
    expect((await inspect(`aries-${name}`)).Config.Labels['org.opencontainers.image.title']).toBe(`aries-${name}`);
    // No second SDK or zod, and no development dependencies.
    expect(
      await inside(
        `aries-${name}`,
        'ls -d node_modules/@aries-data node_modules/zod node_modules/typescript 2>/dev/null | wc -l',
      ),
    ).toBe('0');
  });

  test('without a connector, aries ends with 78 and says that the triggers may have been dropped', async () => {
    // Builders of OCI images turn FROM aries-data into this image.
    for (const image of ['aries-data', 'aries-data:core']) {
      const { code, result } = await runImage(engine, images.prefix + image, ['extract', '--staging', '/tmp/staging']);
      expect(code).toBe(78);
      expect(result).toMatchObject({
        ok: false,
        error: { code: 'CONNECTOR_NOT_FOUND', hint: expect.stringContaining('dropped the ONBUILD triggers') },
      });
    }
  });

  describe.each(engine.builders)('built by %s', (builder) => {
    test('without a lock file: npm install, with a warning', async () => {
      const { code, output } = await images.build(connector(`none-${builder}`), `none-${builder}`, builder);
      expect(code, output).toBe(0);
      expect(output).toContain(
        'aries: No package-lock.json or pnpm-lock.yaml: installing the newest versions that package.json allows (ms)',
      );
      expect(await installed(`none-${builder}`)).toEqual({ packages: 'ms', version: expect.stringMatching(/^2\./) });
    });

    test('with package-lock.json: npm ci, without development dependencies', async () => {
      const folder = connector(`npm-${builder}`, {
        'package.json': manifest({ devDependencies: { typescript: '5.0.2' } }),
      });
      pinned(folder, ['npm', 'install', '--package-lock-only', '--legacy-peer-deps', '--ignore-scripts']);
      const { code, output } = await images.build(folder, `npm-${builder}`, builder);
      expect(code, output).toBe(0);
      expect(output).not.toContain('No package-lock.json');
      expect(await installed(`npm-${builder}`)).toEqual({ packages: 'ms', version: '2.1.1' });
    });

    test('with pnpm-lock.yaml: pnpm', async () => {
      const folder = connector(`pnpm-${builder}`, { 'package.json': manifest({ peerDependencies: {} }) });
      pinned(folder, ['npx', '--yes', 'pnpm@12', 'install', '--lockfile-only', '--ignore-scripts']);
      const { code, output } = await images.build(folder, `pnpm-${builder}`, builder);
      expect(code, output).toBe(0);
      expect(await installed(`pnpm-${builder}`)).toEqual({ packages: 'ms', version: '2.1.1' });
    });
  });

  test('a package that cannot become an image fails its build with the reason', async () => {
    const builds: [string, Record<string, string>, string][] = [
      ['broken', { 'src/index.ts': 'throw new Error("no luck");' }, 'src/index.ts cannot be loaded: no luck'],
      [
        'catalog',
        { 'package.json': manifest({ dependencies: { pg: 'catalog:' } }) },
        'package.json depends on pg catalog:',
      ],
      ['stale', { 'package-lock.json': '{"lockfileVersion":3,"packages":{}}' }, 'npm ci failed'],
    ];
    for (const [name, files, message] of builds) {
      const { code, output } = await images.build(connector(name, files), name);
      expect({ name, code, output }).toEqual({
        name,
        code: expect.any(Number),
        output: expect.stringContaining(message),
      });
      expect(code).not.toBe(0);
    }
    const empty = join(temporary, 'empty');
    mkdirSync(empty);
    writeFileSync(join(empty, 'Dockerfile'), 'FROM aries-data\n');
    expect((await images.build(empty, 'empty')).output).toContain('The build context has no package.json');
  });

  test('node_modules of the build machine are not copied into the image', async () => {
    const folder = connector('modules', { '.dockerignore': '' });
    mkdirSync(join(folder, 'node_modules/foreign'), { recursive: true });
    writeFileSync(join(folder, 'node_modules/foreign/index.js'), '');
    const { output } = await images.build(folder, 'modules');
    expect(output).toContain('Add it to .dockerignore');
    expect(await inside('modules', 'ls node_modules')).toBe('ms');
  });

  async function installed(name: string): Promise<{ packages: string; version: string }> {
    const packages = await inside(name, 'ls node_modules');
    const version = await inside(name, 'node -p "require(\'./node_modules/ms/package.json\').version"');
    expect((await runImage(engine as never, images.prefix + name, ['spec'])).result).toMatchObject({
      connector: 'rows',
      version: '1.2.3',
    });
    expect(await inside(name, 'node -p "require(\'./package.json\').scripts.prepare"')).toBe('not-installed-in-images');
    return { packages, version };
  }
});

function manifest(changed: object): string {
  return JSON.stringify({ ...manifestIn(join(root, 'test/fixtures/rows-image')), ...changed });
}

function manifestIn(folder: string): { name: string; version: string } {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** Writes a lock file with an older version than package.json resolves to, so only an install from the lock file gets it. */
function pinned(folder: string, [command = '', ...args]: string[]): void {
  const file = join(folder, 'package.json');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('^2.1.3', '2.1.1'));
  execFileSync(command, args, { cwd: folder, stdio: 'ignore' });
  writeFileSync(file, text.replace('^2.1.3', '^2.1.1'));
  for (const lock of ['package-lock.json', 'pnpm-lock.yaml']) {
    try {
      writeFileSync(
        join(folder, lock),
        readFileSync(join(folder, lock), 'utf8').replace(/("ms": |specifier: )"?2\.1\.1"?/, (_, key: string) =>
          key.startsWith('"') ? `${key}"^2.1.1"` : `${key}^2.1.1`,
        ),
      );
    } catch {
      // The other package manager's lock file.
    }
  }
}
