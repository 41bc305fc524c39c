import { type Disposition, isAriesError } from '@aries-data/sdk';
import {
  dispositionsOf,
  expectRows,
  item,
  loaded,
  loadRecords,
  needsMoreThanSending,
  stage,
  TARGET,
} from './loading.ts';
import type { Rule, RuleContext } from './rule.ts';
import { withSession } from './session.ts';

/** Rules about loads that run while something else happens: another load, or a target that is dropped. */
export const meetingRules: Rule[] = [
  {
    id: 'destination/at-once',
    role: 'destination',
    title: 'Two loads at once have the same result as one after the other',
    why: 'schedulers may start a task again while its first attempt still runs, and neither knows of the other',
    run: atOnce,
  },
  {
    id: 'destination/remade',
    role: 'destination',
    title: 'A recreated target is noticed',
    why: 'a table that was dropped and created again is empty, but the ledger says that everything is loaded',
    run: remade,
  },
];

/** How long the first load waits for the second to pass its lock. A working lock always takes this long. */
const MEET_MS = 200;

async function atOnce(ctx: RuleContext): Promise<void> {
  needsMoreThanSending(ctx);
  const can = dispositionsOf(ctx);
  const old = [item(1, 'old'), item(2, 'old')];
  if (can.includes('append')) {
    const target = `${TARGET}_append`;
    await loadRecords(ctx, 'append', { records: old, stream: target, primaryKey: [] });
    const added = [item(3, 'new', 2), item(4, 'new', 2)];
    const dataset = await stage(ctx, { records: added, stream: target, primaryKey: [] });
    await meet(ctx, 'append', [dataset, dataset]);
    await expectRows(ctx, { records: [...old, ...added], target, after: 'two loads of the same dataset at once' });
  }
  const disposition = (['replace', 'merge'] as const).find((one) => can.includes(one));
  if (disposition === undefined) return;
  for (const order of ['older first', 'newer first']) {
    const target = `${TARGET}_${order.replace(' ', '_')}`;
    await loadRecords(ctx, disposition, { records: old, stream: target });
    const older = await stage(ctx, { records: [item(1, 'older', 2), item(2, 'older', 2)], stream: target });
    const records = [item(1, 'newer', 3), item(2, 'newer', 3)];
    const newer = await stage(ctx, { records, stream: target });
    await meet(ctx, disposition, order === 'older first' ? [older, newer] : [newer, older]);
    await expectRows(ctx, { records, target, after: `${disposition} of two datasets at once, ${order}` });
  }
}

/**
 * Loads two datasets at once. Both read the ledger before either opens its target. The second opens it while the first has it
 * open, and continues once the first has ended. A load that fails with a transient error is retried.
 */
async function meet(ctx: RuleContext, disposition: Disposition, [first, second]: readonly string[]): Promise<void> {
  const opened = Promise.withResolvers<void>();
  const inspected = Promise.withResolvers<void>();
  const secondOpened = Promise.withResolvers<void>();
  const firstEnded = Promise.withResolvers<void>();
  const ofFirst = withSession(ctx, ({ open }) => ({
    async open(...given) {
      await inspected.promise;
      const load = await open(...given);
      opened.resolve();
      await Promise.race([secondOpened.promise, after(MEET_MS)]);
      return load;
    },
  }));
  const ofSecond = withSession(ctx, ({ open }) => ({
    async open(...given) {
      inspected.resolve();
      await opened.promise;
      const load = await open(...given);
      secondOpened.resolve();
      await firstEnded.promise;
      return load;
    },
  }));
  // A load that ends early lets the other one continue.
  const loads = [
    loaded(ofFirst, first!, disposition).finally(() => {
      opened.resolve();
      firstEnded.resolve();
    }),
    loaded(ofSecond, second!, disposition).finally(() => {
      inspected.resolve();
      secondOpened.resolve();
    }),
  ];
  const ended = await Promise.allSettled(loads);
  for (const [index, { status, reason }] of ended.map((one) => ({ reason: undefined, ...one })).entries()) {
    if (status === 'fulfilled') continue;
    if (!isAriesError(reason) || reason.kind !== 'transient') throw reason;
    await loaded(ctx, [first!, second!][index]!, disposition);
  }
}

function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function remade(ctx: RuleContext): Promise<void> {
  const { remake } = ctx.suite;
  if (remake === undefined) ctx.skip('the suite has no remake(target)');
  for (const disposition of dispositionsOf(ctx)) {
    if (disposition === 'replace-interval') continue;
    await remadeBetween(ctx, disposition);
    await remadeMeanwhile(ctx, disposition);
  }
}

/** Loads the same dataset again into a target that has lost it. */
async function remadeBetween(ctx: RuleContext, disposition: Disposition): Promise<void> {
  const target = `${TARGET}_remade_${disposition}`;
  const records = [item(1, 'a'), item(2, 'b')];
  const dataset = await stage(ctx, { records, stream: target });
  await loaded(ctx, dataset, disposition);
  await ctx.remake(target);
  const ended = await loaded(ctx, dataset, disposition).catch((error: unknown) => error);
  if (isAriesError(ended) && ended.code === 'LOAD_REFUSED') return;
  if (ended instanceof Error) throw ended;
  await expectRows(ctx, { records, target, after: `${disposition} of a dataset that the target has lost` });
}

/** Recreates a target while a load has it open. */
async function remadeMeanwhile(ctx: RuleContext, disposition: Disposition): Promise<void> {
  const target = `${TARGET}_remade_open_${disposition}`;
  await loadRecords(ctx, disposition, { records: [item(1, 'a')], stream: target });
  const records = [item(2, 'b', 2), item(3, 'c', 2)];
  const dataset = await stage(ctx, { records, stream: target });
  let isRemade = false;
  const meanwhile = withSession(ctx, ({ open }) => ({
    async open(...given) {
      const load = await open(...given);
      // A system may prevent this, which is just as good.
      isRemade = await Promise.resolve(ctx.remake(target)).then(
        () => true,
        () => false,
      );
      return load;
    },
  }));
  const thrown = await loaded(meanwhile, dataset, disposition).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!isRemade) {
    if (thrown !== undefined) throw thrown;
    return;
  }
  if (thrown !== undefined && !isAriesError(thrown)) throw thrown;
  await expectRows(ctx, {
    records: thrown === undefined ? records : [],
    target,
    after: `${disposition} into a target that was recreated during the load`,
  });
}
