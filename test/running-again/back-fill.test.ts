import { describe, expect, test } from 'vitest';
import { type Item, item, type Operator, operator, seeded, succeeded, UNHURRIED } from './operator.ts';

/** Returns the interval of a day from 1 to 6. */
const of = (day: number) => ['--interval-start', `2026-01-0${day}`, '--interval-end', `2026-01-0${day + 1}`];
const on = (id: number, day: number, note?: string) => item(id, `2026-01-0${day}T0${id % 10}:00:00`, note);

/** Records at the start of each day, in the middle and at the end. */
const SIX_DAYS: Item[] = [1, 2, 3, 4, 5, 6].flatMap((day) => [
  item(day * 10, `2026-01-0${day}T00:00:00`),
  on(day * 10 + 1, day),
  item(day * 10 + 2, `2026-01-0${day}T23:59:59`),
]);

async function day(job: Operator, number: number, flags: string[] = []): Promise<void> {
  succeeded(await job.extract(`day-${number}`, [...of(number), ...flags]));
}

describe.concurrent('a backfill by intervals', UNHURRIED, () => {
  test.each(['postgres', 'duckdb'] as const)(
    'in any order, two at once, one twice, some again after the source changed: exactly the rows of the source (%s)',
    async (into) => {
      await using job = await operator({ into, items: SIX_DAYS });
      const random = seeded();
      const order = [1, 2, 3, 4, 5, 6].map((number) => ({ number, at: random() })).sort((a, b) => a.at - b.at);
      await Promise.all(order.map(({ number }) => day(job, number)));
      for (const pair of [order.slice(0, 2), order.slice(2, 4), order.slice(4)]) {
        const outcomes = await Promise.all(pair.map(({ number }) => job.loadAtLast(`day-${number}`)));
        expect(outcomes).toEqual(['loaded', 'loaded']);
      }
      expect(await job.table()).toEqual(await job.undisturbed());
      expect(succeeded(await job.load('day-2')).streams.items.outcome).toBe('already-loaded');

      // A record of the first day changes, one moves to the fourth, and one from the fifth to the second. The sixth is now empty.
      const changed = SIX_DAYS.filter(({ at }) => at < '2026-01-06').map((one) => {
        if (one.id === 11) return { ...one, note: 'changed' };
        if (one.id === 12) return on(12, 4);
        return one.id === 51 ? on(51, 2) : one;
      });
      await job.change(changed);
      const again = [1, 2, 4, 5, 6].map((number) => ({ number, at: random() })).sort((a, b) => a.at - b.at);
      await Promise.all(again.map(({ number }) => day(job, number, ['--force'])));
      for (const { number } of again) expect(await job.loadAtLast(`day-${number}`)).toBe('loaded');
      expect(await job.table(), again.map(({ number }) => number).join()).toEqual(await job.undisturbed());
      expect(await job.state()).toBeNull();
    },
  );

  test.each([
    ['with a key', false, [1, 3]],
    ['with a key, the later interval first', false, [3, 1]],
    ['without a key', true, [1, 3]],
    ['without a key, the later interval first', true, [3, 1]],
  ])('records that moved from one to another, %s: exactly the rows of the source', async (_, keyless, order) => {
    const [before, after] = [
      [on(1, 1), on(2, 1), on(3, 3), on(4, 3)],
      [on(1, 1), on(2, 3), on(3, 1), on(4, 3)],
    ];
    await using job = await operator({ keyless, items: before });
    await job.both('all', ['--interval-start', '2026-01-01', '--interval-end', '2026-01-05']);
    await job.change(after);
    await Promise.all(order.map((number) => day(job, number)));
    for (const number of order) succeeded(await job.load(`day-${number}`));
    expect(await job.table()).toEqual(await job.undisturbed());
  });

  test('a dataset that was read before a record moved, and is loaded after: the newer record stays', async () => {
    await using job = await operator({ items: [on(1, 1), on(2, 1)] });
    await day(job, 1);
    await job.change([on(1, 1), on(2, 3, 'moved')]);
    await day(job, 3);
    succeeded(await job.load('day-3'));
    succeeded(await job.load('day-1'));
    expect(await job.table()).toEqual(await job.undisturbed());
  });

  test('a dataset older than what is loaded of its interval: superseded', async () => {
    await using job = await operator({ items: [on(1, 1), on(2, 1)] });
    await day(job, 1);
    await job.change([on(1, 1, 'newer')]);
    await job.both('day-1-later', of(1));
    expect(succeeded(await job.load('day-1')).streams.items.outcome).toBe('superseded');
    expect(await job.table()).toEqual(await job.undisturbed());
  });

  test('neither reads nor moves the state', async () => {
    await using job = await operator({ items: [on(1, 1), on(2, 2)] });
    await job.both('incremental');
    const state = await job.state();
    expect(state?.cursor).toBe(on(2, 2).at);

    await job.change([on(1, 1, 'corrected'), on(2, 2), on(3, 3)]);
    expect(succeeded(await job.extract('day-1', of(1))).streams.items).toMatchObject({ records: 1, outside: 2 });
    succeeded(await job.load('day-1'));
    await job.both('day-3', of(3));
    expect(await job.state()).toEqual(state);
    expect(await job.table()).toEqual(await job.undisturbed());

    // Incremental runs continue from where they were, also over backfilled records.
    await job.change([on(1, 1, 'corrected'), on(2, 2), on(3, 3), on(4, 4)]);
    expect(succeeded(await job.extract('incremental-2')).streams.items.records).toBe(2);
    succeeded(await job.load('incremental-2'));
    expect(await job.table()).toEqual(await job.undisturbed());
  });

  test('appended: an interval that overlaps a loaded one is refused, and replace-interval loads it', async () => {
    await using job = await operator({ disposition: 'append', items: [on(1, 1), on(2, 2)] });
    await job.both('day-1', of(1));
    await job.both('day-2', of(2));
    await job.change([on(1, 1, 'corrected'), on(2, 2)]);
    succeeded(await job.extract('day-1-later', of(1)));
    const refused = await job.load('day-1-later');
    expect(refused).toMatchObject({ code: 78, result: { error: { code: 'LOAD_REFUSED' } } });
    expect(refused.result.error).toMatchObject({
      message:
        'Loading into "items" is refused: its rows from 2026-01-01T00:00:00.000Z to 2026-01-02T00:00:00.000Z were loaded by run day-1',
      hint: 'Load with --disposition replace-interval, which can be repeated.',
    });
    succeeded(await job.load('day-1-later', ['--disposition', 'replace-interval']));
    expect(await job.table()).toEqual(await job.undisturbed());
  });
});
