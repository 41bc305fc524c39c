import type { JsonRecord } from '@aries-data/sdk';
import { dispositionsOf, expectRows, item, loaded, loadRecords, needs, stage, TARGET } from './loading.ts';
import type { Rule, RuleContext } from './rule.ts';

/** Rules about the write dispositions. */
export const dispositionRules: Rule[] = [
  {
    id: 'destination/append',
    role: 'destination',
    title: 'append adds records and removes none',
    why: 'an appended history exists nowhere else',
    async run(ctx) {
      needs(ctx, 'append');
      // Without a key, because with one the target may refuse the second record.
      const load = (...records: JsonRecord[]) => loadRecords(ctx, 'append', { records, primaryKey: [] });
      await load(item(1, 'a'), item(2, 'b'));
      await load(item(2, 'b'), item(3, 'c'));
      const records = [item(1, 'a'), item(2, 'b'), item(2, 'b'), item(3, 'c')];
      await expectRows(ctx, { records, after: 'two appends' });
    },
  },
  {
    id: 'destination/replace',
    role: 'destination',
    title: 'replace leaves exactly the dataset',
    why: 'records deleted at the source must not stay in the target',
    async run(ctx) {
      needs(ctx, 'replace');
      await loadRecords(ctx, 'replace', { records: [item(1, 'a'), item(2, 'b')] });
      await loadRecords(ctx, 'replace', { records: [item(2, 'B'), item(3, 'c')] });
      await expectRows(ctx, { records: [item(2, 'B'), item(3, 'c')], after: 'two replaces' });
    },
  },
  {
    id: 'destination/replace-interval',
    role: 'destination',
    title: 'replace-interval replaces the interval and nothing else',
    why: 'loading a day again must not touch the days around it',
    run: replaceInterval,
  },
  {
    id: 'destination/merge',
    role: 'destination',
    title: 'merge adds new keys and updates known ones',
    why: 'a row that is not updated is out of date, and a row that is added twice is counted twice',
    async run(ctx) {
      needs(ctx, 'merge');
      await loadRecords(ctx, 'merge', { records: [item(1, 'a'), item(2, 'b')] });
      await loadRecords(ctx, 'merge', { records: [item(2, 'B', 2), item(3, 'c', 2)] });
      await expectRows(ctx, { records: [item(1, 'a'), item(2, 'B', 2), item(3, 'c', 2)], after: 'two merges' });
    },
  },
  {
    id: 'destination/twice',
    role: 'destination',
    title: 'Loading a dataset twice has the effect of loading it once',
    why: 'schedulers also retry tasks that succeeded',
    run: twice,
  },
];

async function replaceInterval(ctx: RuleContext): Promise<void> {
  needs(ctx, 'replace-interval');
  const day = (number: number) => ({ start: `2024-01-0${number}T00:00:00Z`, end: `2024-01-0${number + 1}T00:00:00Z` });
  const load = (number: number, ...records: ReturnType<typeof item>[]) =>
    loadRecords(ctx, 'replace-interval', { records, interval: day(number) });
  await load(1, item(1, 'a', 1));
  await load(2, item(2, 'b', 2), item(3, 'c', 2));
  await load(3, item(4, 'd', 3));
  await load(2, item(3, 'C', 2), item(5, 'e', 2));
  const records = [item(1, 'a', 1), item(3, 'C', 2), item(5, 'e', 2), item(4, 'd', 3)];
  await expectRows(ctx, { records, after: 'loading three days and the second day again' });
}

async function twice(ctx: RuleContext): Promise<void> {
  for (const disposition of dispositionsOf(ctx)) {
    const stream = `${TARGET}_${disposition.replace('-', '_')}`;
    const records = [item(1, 'a'), item(2, 'b')];
    const interval = { start: '2024-01-01T00:00:00Z', end: '2024-01-02T00:00:00Z' };
    const dataset = await stage(ctx, { records, stream, ...(disposition === 'replace-interval' ? { interval } : {}) });
    await loaded(ctx, dataset, disposition);
    const { outcome } = await loaded(ctx, dataset, disposition);
    await expectRows(ctx, { records, target: stream, after: `${disposition} of the same dataset twice` });
    if (outcome !== 'already-loaded')
      ctx.fail(
        `${disposition} of the same dataset again returns the outcome ${outcome}: the ledger does not know the dataset`,
      );
  }
}
