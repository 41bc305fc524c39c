import { describe, expect, test } from 'vitest';
import { runHere } from '../../packages/cli/src/testing/run-here.ts';
import { item, type OperatorOptions, operator, succeeded, UNHURRIED } from './operator.ts';

const ITEMS = [item(1, '2026-01-01T01:00:00'), item(2, '2026-01-01T02:00:00'), item(3, '2026-01-02T00:00:00')];
const CORRECTED = { config: { suffix: ' corrected' } };
const INTERVAL = ['--interval-start', '2026-01-01', '--interval-end', '2026-01-03'];

const APPLIED: [disposition: string, options: OperatorOptions, flags: string[]][] = [
  ['replace', { disposition: 'replace', stream: { mode: 'full' } }, []],
  ['replace-interval', { disposition: 'replace-interval' }, INTERVAL],
  ['merge', { disposition: 'merge' }, []],
];

describe.concurrent('the config is corrected and the task cleared', UNHURRIED, () => {
  test.each(APPLIED)(
    '%s: 78 says what differs; with --force the new data is extracted, and loaded',
    async (_, options, flags) => {
      await using job = await operator({ ...options, items: ITEMS });
      await job.both('monday', flags);
      const refused = await job.extract('monday', flags, CORRECTED);
      expect(refused).toMatchObject({ code: 78, result: { error: { code: 'FINGERPRINT_DIFFERS' } } });
      expect(refused.result.error).toMatchObject({
        message: 'Run monday was extracted with different inputs: config.suffix: "" → " corrected"',
        hint: 'Use another run id, or --force to extract it again.',
      });

      const forced = succeeded(await job.extract('monday', [...flags, '--force'], CORRECTED));
      expect(forced.streams.items.records).toBe(3);
      expect(succeeded(await job.load('monday')).streams.items.outcome).toBe('loaded');
      expect(await job.table()).toEqual(await job.undisturbed(CORRECTED.config));
      expect(succeeded(await job.load('monday')).streams.items.outcome).toBe('already-loaded');
    },
  );

  test('append: refused, because the first data is there; merge works', async () => {
    await using job = await operator({ disposition: 'append', items: ITEMS });
    await job.both('monday');
    const before = await job.state();
    succeeded(await job.extract('monday', ['--force'], CORRECTED));
    const refused = await job.load('monday');
    expect(refused).toMatchObject({ code: 78, result: { error: { code: 'LOAD_REFUSED' } } });
    expect(refused.result.error).toMatchObject({
      message: 'Loading into "items" is refused: run monday already appended another dataset to it',
      hint: 'Load with --disposition merge. If the stream has no primary key, extract with --full-refresh and load with --disposition replace.',
    });
    expect(await job.table()).toEqual(ITEMS);

    succeeded(await job.load('monday', ['--disposition', 'merge']));
    expect(await job.table()).toEqual(await job.undisturbed(CORRECTED.config));
    expect(await job.state()).toEqual(before);
  });

  test('append without a key: a full refresh that replaces works', async () => {
    await using job = await operator({ disposition: 'append', items: ITEMS });
    await job.both('monday');
    succeeded(await job.extract('monday', ['--force', '--full-refresh'], CORRECTED));
    expect((await job.load('monday')).code).toBe(78);
    succeeded(await job.load('monday', ['--disposition', 'replace']));
    expect(await job.table()).toEqual(await job.undisturbed(CORRECTED.config));

    // The next run appends what is new since then.
    await job.change([...ITEMS, item(4, '2026-01-03T00:00:00')]);
    succeeded(await job.extract('tuesday', [], CORRECTED));
    succeeded(await job.load('tuesday'));
    expect(await job.table()).toEqual(await job.undisturbed(CORRECTED.config));
  });

  test('append by interval: replace-interval works', async () => {
    await using job = await operator({ disposition: 'append', items: ITEMS });
    await job.both('monday', INTERVAL);
    succeeded(await job.extract('monday', [...INTERVAL, '--force'], CORRECTED));
    const refused = await job.load('monday');
    expect(refused.result.error.hint).toBe('Load with --disposition replace-interval, which replaces those records.');
    succeeded(await job.load('monday', ['--disposition', 'replace-interval']));
    expect(await job.table()).toEqual(await job.undisturbed(CORRECTED.config));
  });

  test('another database is a different input, another password is not', async () => {
    await using job = await operator();
    await using other = await operator();
    const role = `towns ${process.pid}`;
    for (const { sql } of [job, other]) await sql('CREATE TABLE towns (id int PRIMARY KEY)');
    const extract = (url: string) => {
      const config = JSON.stringify({ url, tables: ['towns'] });
      return runHere([
        'extract',
        'postgres',
        '--config',
        config,
        '--staging',
        job.staging,
        '--name',
        'towns',
        '--run-id',
        '1',
      ]);
    };
    const { dataset } = succeeded(await extract(job.databaseUrl));
    await job.sql(`CREATE ROLE "${role}" SUPERUSER LOGIN PASSWORD 'another'`);
    const url = new URL(job.databaseUrl);
    [url.username, url.password] = [role, 'another'];
    expect(succeeded(await extract(url.href)).dataset).toBe(dataset);
    await job.sql(`DROP ROLE "${role}"`);

    const refused = await extract(other.databaseUrl);
    expect(refused).toMatchObject({ code: 78, result: { error: { code: 'FINGERPRINT_DIFFERS' } } });
    const place = (text: string) => `[redacted]@${new URL(text).host}${new URL(text).pathname}`;
    expect(refused.result.error.message).toBe(
      `Run 1 was extracted with different inputs: config.url: "${place(job.databaseUrl)}" → "${place(other.databaseUrl)}"`,
    );
  });
});
