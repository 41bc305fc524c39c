import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openStore, type Store } from '@aries-data/stores';
import { memoryStaging } from '@aries-data/testing';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../../test/folders/temporary-folder.ts';
import { fixture, runAries } from '../testing/run-aries.ts';
import { clockFinding } from './clock.ts';
import { examineDisk } from './disk.ts';
import { memoryFinding } from './memory.ts';
import { examineStaging } from './staging.ts';
import { examineXcom } from './xcom.ts';

const folder = () => temporaryFolder();

describe('staging', () => {
  test('in a folder is tested, and nothing is left behind', async () => {
    const staging = await folder();
    const findings = await examineStaging(staging);
    expect(findings.map(({ check, status }) => `${check} ${status}`)).toEqual([
      'staging address ok',
      'staging write ok',
      'staging read ok',
      'clock ok',
      'staging list ok',
      'staging conditional write ok',
      'staging broken-off write ok',
      'staging delete ok',
    ]);
    expect(await readdir(staging)).toEqual([]);
  });

  const broken = (changes: Partial<Store>): Store => {
    const store = memoryStaging();
    return { ...store, ...changes, async close() {} };
  };
  const store = memoryStaging();

  test.each<[string, Partial<Store>, object]>([
    [
      'that does not know conditional writes',
      { writeIfAbsent: async () => true },
      { check: 'staging conditional write', code: 'STAGING_INVALID' },
    ],
    [
      'that refuses writers',
      {
        async write() {
          throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
        },
      },
      { check: 'staging write', code: 'NOT_ALLOWED' },
    ],
    ['that loses what is written', { async *list() {} }, { check: 'staging list', code: 'STAGING_INVALID' }],
    [
      'that keeps half of a write',
      {
        async write(key, body) {
          const chunks: Uint8Array[] = [];
          for await (const chunk of body) chunks.push(chunk);
          await store.write(key, chunks as never);
        },
        open: (key) => store.open(key),
        list: (prefix) => store.list(prefix),
      },
      { check: 'staging broken-off write', code: 'STAGING_INVALID' },
    ],
  ])('%s is found out', async (_, changes, finding) => {
    const findings = await examineStaging(broken(changes));
    expect(findings.find(({ status }) => status === 'failed')).toMatchObject(finding);
  });

  test('without permission to delete works, with a warning', async () => {
    const open = await openStore(await folder());
    const remove = () => Promise.reject(new Error('AccessDenied'));
    const findings = await examineStaging({ ...open, remove });
    expect(findings.filter(({ status }) => status !== 'ok')).toEqual([
      expect.objectContaining({ check: 'staging delete', status: 'warning' }),
    ]);
  });

  test('with an unknown URI scheme fails', async () => {
    expect(await examineStaging('ftp://host/folder')).toMatchObject([{ status: 'failed', code: 'STAGING_INVALID' }]);
  });
});

test('a clock that is off draws a warning with its direction', () => {
  expect(clockFinding(1_000_000, 999_000, 1_001_000)).toMatchObject({ status: 'ok' });
  // A store that cuts off the fraction of its seconds.
  expect(clockFinding(999_000, 999_900, 1_000_100)).toMatchObject({ status: 'ok' });
  expect(clockFinding(1_000_000, 1_090_000, 1_090_100)).toMatchObject({
    status: 'warning',
    message: "is 90 s ahead of the staging's",
  });
  expect(clockFinding(1_090_000, 999_000, 1_000_000)).toMatchObject({
    status: 'warning',
    message: "is 90 s behind the staging's",
  });
});

test('a memory limit that is too small, alone or for the heap, draws a warning', () => {
  const MB = 2 ** 20;
  expect(memoryFinding({ limit: 0, total: 8192 * MB, heap: 4096 * MB })).toMatchObject({ status: 'ok' });
  expect(memoryFinding({ limit: 512 * MB, total: 8192 * MB, heap: 256 * MB })).toMatchObject({ status: 'ok' });
  expect(memoryFinding({ limit: 512 * MB, total: 8192 * MB, heap: 2048 * MB })).toMatchObject({
    status: 'warning',
    hint: expect.stringContaining('NODE_OPTIONS=--max-old-space-size=384'),
  });
  expect(memoryFinding({ limit: 64 * MB, total: 8192 * MB, heap: 32 * MB })).toMatchObject({ status: 'warning' });
  expect(memoryFinding()).toMatchObject({ check: 'memory', message: expect.stringContaining('heap up to') });
});

test('the folders for temporary files and XCom must be writable', async () => {
  const own = await folder();
  expect(await examineDisk(own)).toMatchObject({ check: 'disk', message: expect.stringContaining('free') });
  expect(await readdir(own)).toEqual([]);
  expect(await examineDisk(join(own, 'none'))).toMatchObject({ status: 'failed', code: 'NOT_FOUND' });
  expect(await examineXcom(join(own, 'none'))).toMatchObject({ status: 'ok' });
  expect(await examineXcom(own)).toMatchObject({ status: 'ok', message: expect.stringContaining('return.json') });
  await writeFile(join(own, 'file'), '');
  expect(await examineXcom(join(own, 'file'))).toMatchObject({ status: 'failed', code: 'NOT_ALLOWED' });
});

describe.concurrent('aries doctor', () => {
  const doctor = (...args: string[]) => runAries(['doctor', ...args]);

  test('lists its findings and ends with 0 if nothing failed', async () => {
    const { code, result } = await doctor(fixture('numbers'), '--config', '{"count":1}', '--staging', await folder());
    expect(code).toBe(0);
    expect(result).toMatchObject({ ok: true });
    expect(result.findings.map(({ check }: { check: string }) => check)).toEqual(
      expect.arrayContaining([
        'disk',
        'memory',
        'xcom folder',
        'staging write',
        'clock',
        'connector',
        'connector source',
      ]),
    );
  });

  test('ends with the worst finding: an error to fix before one that a retry may solve', async () => {
    const unreachable = ['postgres', '--config', '{"url":"postgres://me@127.0.0.1:1/x"}'];
    const away = await doctor(...unreachable);
    expect(away.code).toBe(75);
    expect(away.result).toMatchObject({ ok: false, exitCode: 75, error: { code: 'UNREACHABLE' } });
    const both = await doctor(...unreachable, '--staging', 'ftp://host');
    expect(both.code).toBe(78);
    expect(both.result.error).toMatchObject({
      code: 'STAGING_INVALID',
      message: expect.stringContaining('(and 2 more)'),
    });
    expect(both.result.findings.filter(({ status }: { status: string }) => status === 'failed')).toHaveLength(3);
    expect(
      both.result.findings.every((one: { status: string; hint?: string }) => one.status === 'ok' || one.hint),
    ).toBe(true);
  });

  test('prints a table without secrets on a terminal', async () => {
    const { stdout } = await runAries([], {
      terminal: `doctor postgres --config '{"url":"postgres://me:canary-9f8e@127.0.0.1:1/x"}'`,
    });
    expect(stdout).toContain('CHECK');
    expect(stdout).toMatch(/connector source +FAILED +Postgres: connect ECONNREFUSED/);
    expect(stdout).toContain('→ Check the host and port');
    expect(stdout).not.toContain('canary');
  });
});
