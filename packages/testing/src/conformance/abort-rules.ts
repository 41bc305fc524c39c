import { anyDisposition, expectRows, item, loadRecords, needsMoreThanSending } from './loading.ts';
import type { Rule, RuleContext } from './rule.ts';
import { withSession } from './session.ts';

/** What a load that does not come to its end leaves behind. */
export const abortRules: Rule[] = [
  {
    id: 'destination/abort',
    role: 'destination',
    title: 'A load that is given up leaves the old data',
    why: 'readers see the old table or the new one, never half of it',
    run: abort,
  },
];

async function abort(ctx: RuleContext): Promise<void> {
  needsMoreThanSending(ctx);
  const disposition = anyDisposition(ctx);
  const old = [item(1, 'a'), item(2, 'b')];
  await loadRecords(ctx, disposition, { records: old });
  for (const [point, after] of [
    ['finish', 'a load that was given up once its records were written'],
    ['commit', 'a load that was given up before its commit'],
  ] as const) {
    const given = dyingAt(ctx, point);
    const records = Array.from({ length: 500 }, (_, index) => item(index, 'new', 2));
    const thrown = await loadRecords(given, disposition, { records }).then(
      () => undefined,
      (error: Error) => error,
    );
    if (!thrown?.message.includes(GIVEN_UP)) ctx.fail(`the load ends with ${thrown?.message ?? 'success'}`);
    await expectRows(ctx, { records: old, after });
  }
  // What was given up must not stand in the way of the next.
  const records = [item(1, 'a', 3), item(2, 'c', 3)];
  await loadRecords(ctx, disposition, { records });
  const kept = disposition === 'append' ? [...old, ...records] : records;
  await expectRows(ctx, { records: kept, after: 'the load that came next' });
}

const GIVEN_UP = 'given up by the test';

/** The same connector, whose loads die at one point. */
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
