import { describe, expect, test } from 'vitest';
import { runHere } from '../../packages/cli/src/testing/run-here.ts';
import { item, type Operator, operator, succeeded, UNHURRIED } from './operator.ts';

const [ONE, TWO] = [item(1, '2026-01-01T00:00:00'), item(2, '2026-01-02T00:00:00')];
const [THREE, FOUR] = [item(3, '2026-01-03T00:00:00'), item(4, '2026-01-04T00:00:00')];
const APPEND = { disposition: 'append' } as const;
const REFUSED = { code: 78, result: { error: { code: 'LOAD_REFUSED' } } };

/** Clears the pipeline's state in the staging, or in the ledger as well. */
async function reset(job: Operator, ...destination: string[]) {
  const of = destination.length === 0 ? [] : [...destination, '--config', JSON.stringify({ url: job.databaseUrl })];
  return succeeded(await runHere(['state', 'reset', ...of, '--staging', job.staging, '--name', 'job']));
}

describe.concurrent('each record is appended once', UNHURRIED, () => {
  test('even if several share the cursor value at which a run ended, and more come later', async () => {
    const at = '2026-01-02T00:00:00';
    const items = [ONE, item(2, at), item(3, at)];
    await using job = await operator({ ...APPEND, items });
    await job.both('monday');
    await job.change([...items, item(4, at)]);
    await job.both('tuesday');
    await job.both('wednesday');
    await job.change([...items, item(4, at), item(5, at), item(6, '2026-01-04T00:00:00')]);
    await job.both('thursday');
    expect(await job.table()).toEqual(await job.undisturbed());
    expect(await job.state()).toEqual({ cursor: '2026-01-04T00:00:00Z', keys: [[6]] });
  });

  test('even if a run read an old state and is loaded after another: refused; with another run id it continues from there', async () => {
    await using job = await operator({ ...APPEND, items: [ONE] });
    await job.both('monday');
    await job.change([ONE, TWO]);
    succeeded(await job.extract('tuesday'));
    await job.change([ONE, TWO, THREE]);
    await job.both('wednesday');
    const refused = await job.load('tuesday');
    expect(refused).toMatchObject(REFUSED);
    expect(refused.result.error).toMatchObject({
      message:
        'Loading into "items" is refused: the dataset begins at 2026-01-01T00:00:00Z, but the ledger is already at 2026-01-03T00:00:00Z: appending would repeat records',
      hint: 'Those records are already loaded. Extract with a new run ID, which begins at the current state, or load with --disposition merge.',
    });
    await job.change([ONE, TWO, THREE, FOUR]);
    await job.both('tuesday-again');
    expect(await job.table()).toEqual(await job.undisturbed());

    succeeded(await job.load('tuesday', ['--disposition', 'merge']));
    expect(await job.table(), 'the other way out').toEqual(await job.undisturbed());
    expect((await job.state())?.cursor).toBe(FOUR.at);
  });

  test('even if more records than a state lists have the cursor value at which a run ended: refused', async () => {
    const at = new Date(Date.now() - 3_600_000).toISOString().slice(0, 19);
    const many = Array.from({ length: 1100 }, (_, id) => item(id, at));
    await using job = await operator({ ...APPEND, items: many });
    await job.both('monday');
    await job.change([...many, item(1100, at)]);
    succeeded(await job.extract('tuesday'));
    const refused = await job.load('tuesday');
    expect(refused).toMatchObject(REFUSED);
    expect(refused.result.error.message).toContain('that its state does not list: appending would repeat them');
    succeeded(await job.load('tuesday', ['--disposition', 'merge']));
    expect(await job.table(), 'the way out').toEqual(await job.undisturbed());
  });

  test('even if a record is in the future: refused, but an exact run leaves it for later', async () => {
    await using job = await operator({ ...APPEND, items: [ONE] });
    await job.both('monday');
    await job.change([ONE, TWO, item(3, '2999-01-01T00:00:00')]);
    succeeded(await job.extract('tuesday'));
    const refused = await job.load('tuesday');
    expect(refused).toMatchObject(REFUSED);
    expect(refused.result.error.message).toContain('1 of its records have a cursor later than the end of reading');

    const knows = await operator({ ...APPEND, stream: APPEND, items: [ONE, TWO, item(3, '2999-01-01T00:00:00')] });
    await using _ = knows;
    await knows.both('monday');
    expect((await knows.table()).map(({ id }) => id)).toEqual([1, 2]);
  });

  test('even if a run is cleared after later ones: its dataset exists and is already loaded', async () => {
    await using job = await operator({ ...APPEND, items: [ONE] });
    await job.both('monday');
    await job.change([ONE, TWO]);
    await job.both('tuesday');
    await job.change([ONE, TWO, THREE]);
    await job.both('wednesday');
    const state = await job.state();
    for (const run of ['monday', 'tuesday']) {
      succeeded(await job.extract(run));
      expect(succeeded(await job.load(run)).streams.items.outcome).toBe('already-loaded');
    }
    expect(await job.reads()).toHaveLength(3);
    expect(await job.state()).toEqual(state);
    expect(await job.table()).toEqual(await job.undisturbed());
  });

  test('even if the state in the staging was lost: refused, and then the state is that of the ledger', async () => {
    await using job = await operator({ ...APPEND, items: [ONE] });
    await job.both('monday');
    expect(await reset(job)).toMatchObject({ streams: ['items'], ledgerRows: 0 });
    await job.change([ONE, TWO]);
    expect(succeeded(await job.extract('tuesday')).streams.items.records).toBe(2);
    expect(await job.load('tuesday')).toMatchObject(REFUSED);
    expect((await job.state())?.cursor).toBe(ONE.at);
    expect(succeeded(await job.extract('tuesday')).streams.items.records, 'read anew, by itself').toBe(1);
    succeeded(await job.load('tuesday'));
    expect(await job.table()).toEqual(await job.undisturbed());
  });

  test('even if state and ledger were reset: everything is read again and replaces', async () => {
    await using job = await operator({ ...APPEND, items: [ONE, TWO] });
    await job.both('monday');
    expect(await reset(job, 'postgres')).toMatchObject({ streams: ['items'], ledgerRows: 1 });
    expect(await job.state()).toBeNull();
    expect(succeeded(await job.extract('tuesday')).streams.items.records).toBe(2);
    succeeded(await job.load('tuesday', ['--disposition', 'replace']));
    await job.change([ONE, TWO, THREE]);
    await job.both('wednesday');
    expect(await job.table()).toEqual(await job.undisturbed());
  });

  test('even if the ledger was lost: refused, then adopted', async () => {
    await using job = await operator({ ...APPEND, items: [ONE] });
    await job.both('monday');
    await job.sql('DROP TABLE _aries_ledger');
    await job.change([ONE, TWO]);
    succeeded(await job.extract('tuesday'));
    const refused = await job.load('tuesday');
    expect(refused).toMatchObject(REFUSED);
    expect(refused.result.error).toMatchObject({
      message: `Loading into "items" is refused: the dataset begins at ${ONE.at}, but the ledger has nothing before it`,
      hint: 'If the target holds everything before that, load with --adopt. Otherwise extract with --full-refresh.',
    });
    expect(await job.table()).toEqual([ONE]);
    succeeded(await job.load('tuesday', ['--adopt']));
    await job.change([ONE, TWO, THREE]);
    await job.both('wednesday');
    expect(await job.table()).toEqual(await job.undisturbed());
  });
});

describe.concurrent('a gap', UNHURRIED, () => {
  /** Restores the database, but not the staging, to its state on monday. */
  async function restored(): Promise<Operator> {
    const job = await operator({ ...APPEND, items: [ONE] });
    await job.both('monday');
    await job.change([ONE, TWO]);
    await job.both('tuesday');
    await job.sql('DELETE FROM items WHERE id = 2');
    await job.sql(`DELETE FROM _aries_ledger WHERE run_id = 'tuesday'`);
    await job.change([ONE, TWO, THREE]);
    succeeded(await job.extract('wednesday'));
    const refused = await job.load('wednesday');
    expect(refused).toMatchObject(REFUSED);
    expect(refused.result.error).toMatchObject({
      message: `Loading into "items" is refused: the dataset begins at ${TWO.at}, but the ledger ends at ${ONE.at}: the records between were never loaded`,
      hint: 'Load the datasets between first, extract again from where the ledger ends, or accept the gap with --allow-gap.',
    });
    return job;
  }

  test('is filled by the dataset in between', async () => {
    await using job = await restored();
    succeeded(await job.load('tuesday'));
    succeeded(await job.load('wednesday'));
    expect(await job.table()).toEqual(await job.undisturbed());
  });

  test('is filled by extracting again', async () => {
    await using job = await restored();
    await job.both('wednesday');
    expect(await job.table()).toEqual(await job.undisturbed());
  });

  test('is accepted with --allow-gap', async () => {
    await using job = await restored();
    succeeded(await job.load('wednesday', ['--allow-gap']));
    expect(await job.table()).toEqual([ONE, THREE]);
    expect((await job.state())?.cursor).toBe(THREE.at);
  });
});

describe.concurrent('records that come late', UNHURRIED, () => {
  const late = item(9, '2026-01-01T12:00:00');

  test('arrive with a lag, which merges', async () => {
    await using job = await operator({ stream: { lag: '1d' }, items: [ONE, TWO] });
    await job.both('monday');
    await job.change([ONE, TWO, late, THREE]);
    const { records, outside } = succeeded(await job.extract('tuesday')).streams.items;
    expect({ records, outside }).toEqual({ records: 4, outside: undefined });
    succeeded(await job.load('tuesday'));
    expect(await job.table()).toEqual(await job.undisturbed());
    expect((await job.state())?.cursor).toBe(THREE.at);
    await job.both('wednesday');
    expect(await job.table()).toEqual(await job.undisturbed());
  });

  test('cannot be appended with a lag, which would repeat records', async () => {
    await using job = await operator({ ...APPEND, stream: { lag: '1d' }, items: [ONE] });
    succeeded(await job.extract('monday'));
    expect(await job.load('monday')).toMatchObject({
      code: 78,
      result: {
        error: { code: 'CONFIG_INVALID', message: 'items: append would repeat the records that "lag" reads again' },
      },
    });
    succeeded(await job.load('monday', ['--disposition', 'merge']));
    expect(await job.table()).toEqual([ONE]);
  });
});
