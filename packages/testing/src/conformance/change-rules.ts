import { extract } from '@aries-data/engine';
import type { DeletedItem } from '@aries-data/sdk';
import {
  checkpoint,
  type Deletes,
  type Disposition,
  defineSource,
  deleted,
  type JsonRecord,
  withChange,
} from '@aries-data/sdk';
import { z } from 'zod';
import { canonical } from './compare.ts';
import { expectRows, ITEMS, item, loaded, loadRecords, needs, stage, TARGET } from './loading.ts';
import type { Rule, RuleContext } from './rule.ts';

/** Rules about records that are gone at the source. */
export const changeRules: Rule[] = [
  {
    id: 'destination/deletes',
    role: 'destination',
    title: 'merge applies the last change of each key, also if it is a deletion',
    why: 'a record that was deleted at the source must not be counted any more',
    run: deletes,
  },
  {
    id: 'destination/compare',
    role: 'destination',
    title: 'Comparing keys deletes what the source no longer has, and no more than allowed',
    why: 'a broken source that lists half of its records must not empty the target',
    run: compare,
  },
  {
    id: 'destination/history',
    role: 'destination',
    title: 'history keeps one version for each change, and one current row for each key',
    why: 'people ask how a record was on a day, and expect one answer',
    run: history,
  },
];

/** Something that a source of changes yields. */
type Item = JsonRecord[] | DeletedItem | ReturnType<typeof withChange<JsonRecord>>;

/** Stages changes that follow each other, and loads them. `runs` is how many were loaded before. */
async function loadChanges(
  ctx: RuleContext,
  { runs, items, stream = TARGET }: { runs: number; items: readonly Item[]; stream?: string },
  { disposition, deletes }: { disposition: Disposition; deletes: Deletes },
): Promise<void> {
  const source = defineSource({
    config: z.object({}),
    streams: (ctx) =>
      Object.fromEntries([
        [
          stream,
          ctx.stream({
            schema: ITEMS,
            primaryKey: ['id'],
            changes: true,
            state: 'position',
            async *read() {
              yield* items;
              yield checkpoint(runs + 1);
            },
          }),
        ],
      ]),
  });
  const { dataset } = await extract({
    source: { connector: { name: 'changes', version: '0.0.0', source }, config: {} },
    staging: `file://${ctx.folder}/staging`,
    name: 'conformance',
    streams: [stream],
  });
  await loaded(ctx, dataset, disposition, { deletes });
}

const changed = (id: number, name: string) => withChange([{ id: String(id), name }], () => ({ unsent: ['at'] }));

async function deletes(ctx: RuleContext): Promise<void> {
  needs(ctx, 'merge');
  const { deletes: ways = [] } = ctx.connector.destination!;
  if (ways.length === 0) ctx.skip('it does not declare deletes');
  for (const way of ways) {
    const stream = `${TARGET}_${way}`;
    const load = (runs: number, ...items: Item[]) =>
      loadChanges(ctx, { runs, items, stream }, { disposition: 'merge', deletes: way });
    await load(0, [item(1, 'a'), item(2, 'b'), item(3, 'c')]);
    await load(
      1,
      deleted([{ id: '2' }]),
      changed(1, 'A'),
      deleted([{ id: '3' }], { moved: true }),
      changed(4, 'moved'),
      [item(5, 'e')],
      deleted([{ id: '5' }]),
    );
    const there = [item(1, 'A'), item(4, 'moved')];
    const gone = way === 'hard' ? [] : [item(2, 'b'), item(3, 'c')];
    await expectRows(ctx, { records: [...there, ...gone], target: stream, after: `changes with ${way} deletes` });
    await expectMarked(ctx, stream, gone, `changes with ${way} deletes`);
    await load(2, [item(2, 'back', 2)]);
    const left = gone.filter(({ id }) => id !== '2');
    const records = [...there, item(2, 'back', 2), ...left];
    await expectRows(ctx, { records, target: stream, after: 'a deleted record came back' });
    await expectMarked(ctx, stream, left, 'a deleted record came back');
  }
}

/** Fails unless exactly these records are marked as deleted. */
async function expectMarked(
  ctx: RuleContext,
  target: string,
  gone: readonly JsonRecord[],
  after: string,
): Promise<void> {
  const ids = new Set(gone.map(({ id }) => canonical(String(id))));
  for (const row of await ctx.rows(target)) {
    const isMarked = row._deleted_at !== undefined && row._deleted_at !== null;
    if (isMarked !== ids.has(canonical(String(row.id))))
      ctx.fail(`after ${after} a record is ${isMarked ? '' : 'not '}marked as deleted`, row as JsonRecord);
  }
}

async function compare(ctx: RuleContext): Promise<void> {
  needs(ctx, 'merge');
  if ((ctx.connector.destination!.deletes ?? []).length === 0) ctx.skip('it does not declare deletes');
  const ten = Array.from({ length: 10 }, (_, id) => item(id, 'a'));
  await loadRecords(ctx, 'merge', { records: ten, deletes: 'compare' });
  await loadRecords(ctx, 'merge', { records: ten.slice(2), deletes: 'compare' });
  await expectRows(ctx, { records: ten.slice(2), after: 'two records were deleted at the source' });
  const half = await stage(ctx, { records: ten.slice(6), deletes: 'compare' });
  const thrown: unknown = await loaded(ctx, half, 'merge').then(
    () => undefined,
    (error: unknown) => error,
  );
  if ((thrown as { code?: string } | undefined)?.code !== 'DELETES_TOO_MANY') {
    if (thrown !== undefined) throw thrown;
    ctx.fail('a load deleted half of the records without --max-deleted', ten[2]);
  }
  await expectRows(ctx, { records: ten.slice(2), after: 'a refused load' });
}

async function history(ctx: RuleContext): Promise<void> {
  needs(ctx, 'history');
  const load = (...records: JsonRecord[]) => loadRecords(ctx, 'history', { records }, { maxDeleted: { share: 1 } });
  await load(item(1, 'a'), item(2, 'b'));
  await load(item(1, 'a'), item(2, 'B', 2));
  await load(item(2, 'B', 2), item(3, 'c', 3));
  const records = [item(1, 'a'), item(2, 'b'), item(2, 'B', 2), item(3, 'c', 3)];
  await expectRows(ctx, { records, after: 'three loads of a history' });
  const rows = (await ctx.rows(TARGET)) as JsonRecord[];
  const current = rows.filter((row) => row._valid_to === null || row._valid_to === undefined);
  const ids = current.map((row) => String(row.id)).sort();
  if (ids.join() !== '2,3') ctx.fail(`the current versions are those of ${ids.join(', ')}, not of 2 and 3`, current[0]);
  const ended = rows.find((row) => row.name === 'b');
  const next = rows.find((row) => row.name === 'B');
  if (String(ended?._valid_to) !== String(next?._valid_from))
    ctx.fail('a version does not end when the next one begins', ended);
}
