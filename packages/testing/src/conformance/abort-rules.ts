import { anyDisposition, expectRows, item, loadRecords, needsMoreThanSending } from './loading.ts';
import type { Rule, RuleContext } from './rule.ts';
import { withSession } from './session.ts';

/** Rules about loads that do not finish. */
export const abortRules: Rule[] = [
  {
    id: 'destination/abort',
    role: 'destination',
    title: 'An aborted load leaves the old data',
    why: 'readers must see the old table or the new one, never half of it',
    run: abort,
  },
];

async function abort(ctx: RuleContext): Promise<void> {
  needsMoreThanSending(ctx);
  const disposition = anyDisposition(ctx);
  const old = [item(1, 'a'), item(2, 'b')];
  await loadRecords(ctx, disposition, { records: old });
  for (const [point, after] of [
    ['finish', 'a load that was aborted once its records were written'],
    ['commit', 'a load that was aborted before its commit'],
  ] as const) {
    const given = dyingAt(ctx, point);
    const records = Array.from({ length: 500 }, (_, index) => item(index, 'new', 2));
    const thrown = await loadRecords(given, disposition, { records }).then(
      () => undefined,
      (error: Error) => error,
    );
    if (!thrown?.message.includes(GIVEN_UP)) ctx.fail(`the aborted load ends with ${thrown?.message ?? 'success'}`);
    await expectRows(ctx, { records: old, after });
  }
  // The aborted load must not block the next one.
  const records = [item(1, 'a', 3), item(2, 'c', 3)];
  await loadRecords(ctx, disposition, { records });
  const kept = disposition === 'append' ? [...old, ...records] : records;
  await expectRows(ctx, { records: kept, after: 'the next load' });
}

const GIVEN_UP = 'aborted by the test';

/** Makes a connector whose loads fail at one point. */
function dyingAt(ctx: RuleContext, point: 'finish' | 'commit'): RuleContext {
  const die = async (): Promise<never> => {
    throw new Error(GIVEN_UP);
  };
  return withSession(ctx, ({ open }) =>
    point === 'commit'
      ? { commit: die }
      : {
          async open(...given) {
            const load = await open(...given);
            return Object.assign(Object.create(load) as typeof load, { finish: die });
          },
        },
  );
}
