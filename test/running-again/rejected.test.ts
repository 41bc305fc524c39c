import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { item, operator, succeeded } from './operator.ts';

const GOOD = [item(1, '2026-01-01T00:00:00'), item(3, '2026-01-03T00:00:00')];
const BAD = { ...item(2, '2026-01-02T00:00:00'), note: 7 as never };
const REJECTED = { code: 65, result: { exitCode: 65, error: { code: 'RECORDS_REJECTED', stream: 'items' } } };

test('an extract with bad records fails each time; once they are allowed, it finishes from what is durable', async () => {
  await using job = await operator({ items: [GOOD[0]!, BAD, GOOD[1]!] });
  const failed = await job.extract('monday');
  expect(failed).toMatchObject(REJECTED);
  expect(failed.result.error.message).toContain(
    'items: 1 of 3 records were rejected, 0 allowed; the first: record 2: ',
  );
  expect(failed.result.error.hint).toContain('raise --max-rejected');
  expect(await job.load('monday')).toMatchObject({ code: 75, result: { error: { code: 'INPUT_NOT_READY' } } });

  await rm(join(job.folder, 'items.json'));
  expect(await job.extract('monday')).toMatchObject(REJECTED);
  expect(await job.extract('monday', ['--max-rejected', '10%'])).toMatchObject(REJECTED);
  const allowed = succeeded(await job.extract('monday', ['--max-rejected', '1']));
  expect(allowed.streams.items).toMatchObject({ records: 2, rejected: 1 });
  expect(await job.reads()).toEqual([null]);
  expect(await job.extract('monday'), 'judged again').toMatchObject(REJECTED);

  succeeded(await job.load('monday'));
  expect(await job.table()).toEqual(GOOD);
});

test('an extract with bad records, fixed at the source: with --force it is read again', async () => {
  await using job = await operator({ items: [GOOD[0]!, BAD] });
  expect(await job.extract('monday')).toMatchObject(REJECTED);
  await job.change(GOOD);
  expect(await job.extract('monday'), 'what was read stands').toMatchObject(REJECTED);
  succeeded(await job.extract('monday', ['--force']));
  succeeded(await job.load('monday'));
  expect(await job.table()).toEqual(await job.undisturbed());
});
