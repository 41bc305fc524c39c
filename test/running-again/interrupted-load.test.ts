import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { startProxy, type TcpProxy } from '../services/tcp-proxy.ts';
import { type Item, item, type Operator, operator, seeded, succeeded, UNHURRIED } from './operator.ts';

const FIVE = Array.from({ length: 5 }, (_, index) => item(index, `2026-01-01T00:00:0${index}`));

/** An operator with a connection to the database that can be watched and broken. */
async function watched(options: Parameters<typeof operator>[0]) {
  const job = await operator({ items: FIVE, ...options });
  const url = new URL(job.databaseUrl);
  const proxy = await startProxy({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  const through = { databaseUrl: url.href };
  return {
    job,
    proxy,
    through,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await job[Symbol.asyncDispose]();
    },
  };
}

/** Kills a load while it sends the chosen message, which does not arrive. */
async function killAt(
  job: Operator,
  proxy: TcpProxy,
  run: string,
  databaseUrl: string,
  isIt: (message: string) => boolean,
) {
  const load = job.start('load', run, [], { databaseUrl });
  let killed = false;
  proxy.onUpstreamData((data) => {
    if (killed || !isIt(data.toString('latin1'))) return;
    killed = true;
    load.kill('SIGKILL');
    proxy.cut();
  });
  const result = await load.done;
  proxy.onUpstreamData(() => {});
  return { killed, result };
}

async function loadTables(job: Operator): Promise<number> {
  return (await job.sql(`SELECT FROM pg_tables WHERE tablename LIKE '\\_aries\\_load\\_%'`)).length;
}

describe.concurrent('a load that dies', UNHURRIED, () => {
  test.each(['append', 'merge', 'replace'] as const)(
    'before COMMIT arrives (%s): nothing is there, the retry loads',
    async (disposition) => {
      await using it = await watched({ disposition });
      const { job, proxy, through } = it;
      succeeded(await job.extract('monday'));
      expect(await killAt(job, proxy, 'monday', through.databaseUrl, isCommit)).toMatchObject({
        killed: true,
        result: { code: null },
      });
      expect(await job.sql(`SELECT FROM pg_tables WHERE tablename IN ('items', '_aries_ledger')`)).toEqual([]);
      expect(await job.state()).toBeNull();

      expect(await job.loadAtLast('monday')).toBe('loaded');
      expect(await job.table()).toEqual(await job.undisturbed());
      expect(await job.state()).toEqual({ cursor: FIVE.at(-1)!.at, keys: [[4]] });
      expect(await loadTables(job)).toBe(0);
    },
  );

  test('between COMMIT and writing the state: the retry finds it loaded and repairs the state', async () => {
    await using it = await watched({ disposition: 'append' });
    const { job, proxy, through } = it;
    succeeded(await job.extract('monday'));
    let committed = false;
    const { killed } = await killAt(job, proxy, 'monday', through.databaseUrl, (message) => {
      const before = committed;
      committed ||= isCommit(message);
      return before;
    });
    expect(killed).toBe(true);
    expect(await job.table()).toEqual(FIVE);
    expect(await job.state()).toBeNull();

    expect(await job.loadAtLast('monday')).toBe('already-loaded');
    expect(await job.table()).toEqual(await job.undisturbed());
    expect(await job.state()).toEqual({ cursor: FIVE.at(-1)!.at, keys: [[4]] });

    await job.change([...FIVE, item(5, '2026-01-02T00:00:00')]);
    await job.both('tuesday');
    expect(await job.table()).toEqual(await job.undisturbed());
  });

  test('between COMMIT and writing the state, without a retry: the next run is refused once, and the state is repaired', async () => {
    await using it = await watched({ disposition: 'append' });
    const { job, proxy, through } = it;
    succeeded(await job.extract('monday'));
    let committed = false;
    await killAt(job, proxy, 'monday', through.databaseUrl, (message) => {
      const before = committed;
      committed ||= isCommit(message);
      return before;
    });
    await job.change([...FIVE, item(5, '2026-01-02T00:00:00')]);
    succeeded(await job.extract('tuesday'));
    expect(await job.load('tuesday')).toMatchObject({ code: 78, result: { error: { code: 'LOAD_REFUSED' } } });
    // The cleared run begins at the current state.
    await job.both('tuesday');
    expect(await job.table()).toEqual(await job.undisturbed());
  });

  test('by the network, losing the response to COMMIT: 75, and the retry finds it loaded', async () => {
    await using it = await watched({ disposition: 'append' });
    const { job, proxy, through } = it;
    succeeded(await job.extract('monday'));
    proxy.onUpstreamData((data) => {
      if (isCommit(data.toString('latin1'))) proxy.cutAfterBytes(0, 'down');
    });
    expect(await job.load('monday', [], through)).toMatchObject({
      code: 75,
      result: { error: { code: 'UNREACHABLE' } },
    });
    proxy.onUpstreamData(() => {});
    expect(await job.table()).toEqual(FIVE);

    expect(await job.loadAtLast('monday')).toBe('already-loaded');
    expect(await job.table()).toEqual(await job.undisturbed());
    expect(await job.state()).toEqual({ cursor: FIVE.at(-1)!.at, keys: [[4]] });
  });
});

describe.concurrent('a load twice', UNHURRIED, () => {
  test.each(['append', 'merge', 'replace'] as const)(
    'one after the other (%s): the data is there once',
    async (disposition) => {
      await using job = await operator({ disposition, items: FIVE });
      await job.both('monday');
      expect(succeeded(await job.load('monday')).streams.items).toMatchObject({
        outcome: 'already-loaded',
        records: 0,
      });
      expect(await job.table()).toEqual(await job.undisturbed());
    },
  );

  test('at once: one loads, the other succeeds or ends with 75, and its retry succeeds: the data is there once', async () => {
    await using job = await operator({ disposition: 'append', items: FIVE });
    succeeded(await job.extract('monday'));
    const codes = (await Promise.all([job.load('monday'), job.load('monday')])).map(({ code }) => code).sort();
    expect([
      [0, 0],
      [0, 75],
    ]).toContainEqual(codes);
    expect(await job.loadAtLast('monday')).toBe('already-loaded');
    expect(await job.table()).toEqual(await job.undisturbed());
  });

  test('the first sleeps after its COMMIT and wakes up after later runs: the state does not go back', async () => {
    await using it = await watched({ disposition: 'append' });
    const { job, proxy, through } = it;
    succeeded(await job.extract('monday'));
    const zombie = job.start('load', 'monday', [], through);
    let committed = false;
    let asleep = false;
    proxy.onUpstreamData((data) => {
      // At the first message after COMMIT the state is not written yet.
      if (committed && !asleep) {
        zombie.kill('SIGSTOP');
        asleep = true;
      }
      committed ||= isCommit(data.toString('latin1'));
    });
    while (!asleep) await sleep(5);
    // While it sleeps with its locks, others wait and end with 75, until its server drops it.
    await job.sql(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    expect(succeeded(await job.load('monday')).streams.items.outcome).toBe('already-loaded');
    await job.change([...FIVE, item(5, '2026-01-02T00:00:00')]);
    await job.both('tuesday');
    const state = await job.state();

    zombie.kill('SIGCONT');
    expect(await zombie.done).toMatchObject({ code: 75 });
    expect(await job.state()).toEqual(state);
    expect(await job.table()).toEqual(await job.undisturbed());
  });
});

describe('loads killed at random', () => {
  test('each record of each run is there once, whenever a load dies', { timeout: 120_000 }, async () => {
    await using it = await watched({ disposition: 'append' });
    const { job, proxy, through } = it;
    const random = seeded();
    const items: Item[] = [];
    for (let run = 0; run < 6; run++) {
      items.push(item(run, `2026-01-0${run + 1}T00:00:00`));
      await job.change(items);
      succeeded(await job.extract(`run-${run}`));
      // A load sends about thirty messages, the last of them after COMMIT.
      const at = Math.floor(random() * 30);
      let messages = 0;
      await killAt(job, proxy, `run-${run}`, through.databaseUrl, () => messages++ === at);
      await job.loadAtLast(`run-${run}`);
      expect(await job.table(), `run ${run}, killed at message ${at}`).toEqual(items);
      expect(await job.state()).toEqual({ cursor: items.at(-1)!.at, keys: [[run]] });
    }
    expect(await loadTables(job)).toBe(0);
  });
});

describe('loads into DuckDB', UNHURRIED, () => {
  test('killed at random: each record of each run is there once', async () => {
    await using job = await operator({ into: 'duckdb', disposition: 'append' });
    const random = seeded();
    const items: Item[] = [];
    for (let run = 0; run < 5; run++) {
      items.push(item(run, `2026-01-0${run + 1}T00:00:00`));
      await job.change(items);
      succeeded(await job.extract(`run-${run}`));
      const load = job.start('load', `run-${run}`);
      const milliseconds = random() * 200;
      await sleep(200 + milliseconds);
      load.kill('SIGKILL');
      await load.done;
      await job.loadAtLast(`run-${run}`);
      expect(await job.table(), `run ${run}`).toEqual(items);
      expect(await job.state()).toEqual({ cursor: items.at(-1)!.at, keys: [[run]] });
    }
  });

  test('twice at once: the data is there once', async () => {
    await using job = await operator({ into: 'duckdb', disposition: 'append', items: FIVE });
    succeeded(await job.extract('monday'));
    const codes = (await Promise.all([job.load('monday'), job.load('monday')])).map(({ code }) => code).sort();
    expect([
      [0, 0],
      [0, 75],
    ]).toContainEqual(codes);
    expect(await job.loadAtLast('monday')).toBe('already-loaded');
    expect(await job.table()).toEqual(await job.undisturbed());
  });
});

function isCommit(message: string): boolean {
  return message.includes('COMMIT\0');
}
