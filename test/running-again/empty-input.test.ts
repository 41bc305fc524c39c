import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runHere } from '../../packages/cli/src/testing/run-here.ts';
import { item, type OperatorOptions, operator, succeeded, UNHURRIED } from './operator.ts';

const ITEMS = [item(1, '2026-01-01T00:00:00'), item(2, '2026-01-02T00:00:00')];
const WHOLE = ['--interval-start', '2026-01-01', '--interval-end', '2026-01-03'];
const SECOND_DAY = ['--interval-start', '2026-01-02', '--interval-end', '2026-01-03'];
const TOO_FEW = { code: 65, result: { error: { code: 'RECORDS_TOO_FEW' } } };
const NOT_READY = { code: 75, result: { error: { code: 'INPUT_NOT_READY' } } };
const NOTHING_TO_DO = { code: 99, result: { ok: false, exitCode: 99, error: { code: 'NOTHING_TO_DO' } } };

/** The rows that stay after the source has lost both records. */
const NOTHING_NEW: [name: string, options: OperatorOptions, flags: string[], empty: string[], left: typeof ITEMS][] = [
  ['append', { disposition: 'append', stream: { mode: 'full' } }, [], [], ITEMS],
  ['append of an interval', { disposition: 'append' }, WHOLE.with(3, '2026-01-02'), SECOND_DAY, ITEMS.slice(0, 1)],
  ['merge', { disposition: 'merge' }, [], [], ITEMS],
  ['replace', { disposition: 'replace', stream: { mode: 'full' } }, [], [], []],
  ['replace-interval', { disposition: 'replace-interval' }, WHOLE, SECOND_DAY, ITEMS.slice(0, 1)],
];

describe.concurrent('an input without records', UNHURRIED, () => {
  test.each(NOTHING_NEW)('is an empty dataset: %s', async (name, options, flags, empty, left) => {
    await using job = await operator({ ...options, items: ITEMS });
    await job.both('monday', flags);
    const loaded = await job.table();
    await job.change(empty.length === 0 ? [] : ITEMS.slice(0, 1));

    expect(await job.extract('tuesday', [...empty, '--min-records', '1'])).toMatchObject(TOO_FEW);
    expect(await job.load('tuesday')).toMatchObject(NOT_READY);
    expect(succeeded(await job.extract('tuesday', empty)).streams.items).toMatchObject({ records: 0, rejected: 0 });
    expect(await job.load('tuesday', ['--min-records', '1'])).toMatchObject(TOO_FEW);
    expect(await job.table()).toEqual(loaded);

    // A replace has work to do even with no records.
    const skipped = await job.load('tuesday', ['--skip-empty']);
    if (name.startsWith('replace')) succeeded(skipped);
    else expect(skipped).toMatchObject(NOTHING_TO_DO);
    succeeded(await job.load('tuesday'));
    expect(await job.table()).toEqual(left);
  });

  test('ends with 99 if --skip-empty asks for it, and a retry reads it again', async () => {
    await using job = await operator({ items: [] });
    expect(await job.extract('monday', ['--skip-empty'])).toMatchObject(NOTHING_TO_DO);
    expect(await job.load('monday', ['--skip-missing'])).toMatchObject(NOTHING_TO_DO);
    await job.change(ITEMS);
    succeeded(await job.extract('monday', ['--skip-empty']));
    succeeded(await job.load('monday'));
    expect(await job.table()).toEqual(await job.undisturbed());
  });

  test('too few records: once the source has enough, the same command succeeds', async () => {
    await using job = await operator({ stream: { mode: 'full' }, items: ITEMS });
    await job.both('monday');
    await job.change([]);
    expect(await job.extract('tuesday', ['--min-records', '2'])).toMatchObject(TOO_FEW);
    await job.change([...ITEMS, item(3, '2026-01-03T00:00:00')]);
    succeeded(await job.extract('tuesday', ['--min-records', '2']));
    succeeded(await job.load('tuesday'));
    expect(await job.table()).toEqual(await job.undisturbed());
  });
});

describe.concurrent('a file', UNHURRIED, () => {
  test.each(['append', 'replace'] as const)(
    'missing, of zero bytes, without records: three outcomes (%s)',
    async (disposition) => {
      await using job = await operator();
      const file = join(job.folder, 'towns.json');
      const pipeline = join(job.folder, 'towns.yaml');
      const text = JSON.stringify({
        name: 'towns',
        source: { use: 'file', config: { url: file }, streams: [{ name: 'towns', primaryKey: ['id'] }] },
        destination: { use: 'postgres', config: { url: job.databaseUrl }, disposition },
        staging: job.staging,
      });
      const run = (id: string, ...flags: string[]) => runHere(['run', pipeline, '--run-id', id, ...flags]);
      const towns = async () => (await job.sql('SELECT id::int FROM towns ORDER BY id')).map(({ id }) => id);
      await writeFile(pipeline, text);
      await writeFile(file, '[]');
      expect(succeeded(await run('sunday')).streams.towns, 'the first run of all').toMatchObject({ records: 0 });
      await writeFile(file, '[{"id":1},{"id":2}]');
      succeeded(await run('monday'));
      expect(await towns()).toEqual([1, 2]);

      await rm(file);
      expect(await run('tuesday', '--skip-empty')).toMatchObject({
        code: 78,
        result: { error: { code: 'NOT_FOUND' } },
      });
      await writeFile(file, '');
      expect(await run('tuesday', '--skip-empty')).toMatchObject({
        code: 65,
        result: { error: { code: 'DATA_INVALID' } },
      });
      expect(await run('tuesday', '--step', 'load')).toMatchObject(NOT_READY);
      expect(await run('tuesday', '--step', 'load', '--skip-missing')).toMatchObject(NOTHING_TO_DO);
      expect(await towns()).toEqual([1, 2]);

      await writeFile(file, '[]');
      expect(await run('tuesday', '--min-records', '1')).toMatchObject(TOO_FEW);
      const skipped = await run('tuesday', '--skip-empty');
      if (disposition === 'replace') succeeded(skipped);
      else expect(skipped).toMatchObject(NOTHING_TO_DO);
      succeeded(await run('tuesday'));
      expect(await towns()).toEqual(disposition === 'replace' ? [] : [1, 2]);
    },
  );

  test('without records in an interval, so that even its fields are unknown: the interval is emptied', async () => {
    await using job = await operator();
    const file = join(job.folder, 'towns.json');
    const pipeline = join(job.folder, 'towns.yaml');
    await writeFile(
      pipeline,
      JSON.stringify({
        name: 'towns',
        source: {
          use: 'file',
          config: { url: file },
          streams: [{ name: 'towns', as: 'items', primaryKey: ['id'], cursor: 'at' }],
        },
        destination: { use: 'postgres', config: { url: job.databaseUrl } },
        staging: job.staging,
      }),
    );
    await writeFile(file, JSON.stringify(ITEMS));
    succeeded(await runHere(['run', pipeline, '--run-id', 'monday', ...WHOLE]));
    expect(await job.table()).toEqual(ITEMS);
    await writeFile(file, JSON.stringify(ITEMS.slice(0, 1)));
    const { streams } = succeeded(await runHere(['run', pipeline, '--run-id', 'tuesday', ...SECOND_DAY]));
    expect(streams.items).toMatchObject({ records: 0, disposition: 'replace-interval', outcome: 'loaded' });
    expect(await job.table()).toEqual(ITEMS.slice(0, 1));
  });
});
