/** Runs that read the log and are killed at any moment, while others write to the source. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { expect, onTestFailed, onTestFinished, test } from 'vitest';
import type { RunOptions } from '../../../../packages/cli/src/testing/run-aries.ts';
import { temporaryFolder } from '../../../../test/folders/temporary-folder.ts';
import { type Phase, phaseLog } from '../../../../test/follow/phases.ts';
import { type Started, seeded, start, succeeded, until } from '../../../../test/running-again/commands.ts';
import { halfTransactions, makeShop, SHOP_TABLES, whileOthersWrite } from '../testing/log/busy-shop.ts';
import { differences } from '../testing/log/differences.ts';
import { keptDeletions, keptVersions, keysOfFirstRead, targetVersions } from '../testing/log/kept-changes.ts';
import { logDatabase } from '../testing/log/log-database.ts';

const database = logDatabase();
const { run } = database;

let isOver = false;

/** Kills of each pipeline: 102 in all, with two tests of three pipelines. */
const KILLS = 17;

/** What pipelines do with changes. Each has a target with its name. */
const TARGETS = {
  hard: { deletes: 'hard' },
  soft: { deletes: 'soft' },
  history: { disposition: 'history' },
} as const;

type Target = keyof typeof TARGETS;

/** How to read what is there now from a table of a target. The column of the mark is added with the first changes. */
const LIVE: Record<Target, (table: string) => string> = {
  hard: (table) => `(SELECT * FROM hard.${table})`,
  soft: (table) => `(SELECT * FROM soft.${table} AS t WHERE to_jsonb(t) ->> '_deleted_at' IS NULL)`,
  history: (table) => `(SELECT * FROM history.${table} WHERE _valid_to IS NULL)`,
};

interface Pipeline {
  target: Target;
  file: string;
  /** The command that runs, or ran last. */
  running?: Started;
  /** How often the process was killed in each phase. */
  kills: Record<Phase, number>;
}

async function pipelines(): Promise<Pipeline[]> {
  const folder = await temporaryFolder();
  const made = Object.entries(TARGETS).map(async ([name, options]) => {
    const target = name as Target;
    const file = join(folder, `${name}.json`);
    await run(`CREATE SCHEMA ${name}`);
    const slot = `aries_${name}`;
    await writeFile(
      file,
      JSON.stringify({
        name,
        source: { use: 'postgres', config: { url: database.url, schema: 'shop', mode: 'log', slot } },
        destination: { use: 'postgres', config: { url: database.url, schema: name }, ...options },
        staging: pathToFileURL(join(folder, 'staging')).href,
      }),
    );
    return { target, file, kills: { extract: 0, load: 0, between: 0 } };
  });
  return Promise.all(made);
}

const total = (kills: Record<Phase, number>) => Object.values(kills).reduce((sum, count) => sum + count, 0);

/** Starts a command of a pipeline. It does not outlive the test. */
function launch(pipeline: Pipeline, flags: string[], options?: RunOptions): Started {
  if (isOver) throw new Error('The test is over');
  pipeline.running = start(['run', pipeline.file, ...flags], options);
  return pipeline.running;
}

/** Kills a command. Returns true if that was what ended it. */
async function killed({ kill, done }: Started, { target }: Pipeline): Promise<boolean> {
  kill('SIGKILL');
  const { code } = await done;
  // A target has whole transactions at any moment, whatever was interrupted.
  const ledger = `${target}._aries_ledger`;
  const [{ made } = {}] = await run(
    `SELECT to_regclass('${target}.writers') IS NOT NULL AND to_regclass('${ledger}') IS NOT NULL AS made`,
  );
  if (made) {
    const [{ loads } = {}] = await run(`SELECT count(DISTINCT run_id)::int AS loads FROM ${ledger}`);
    const [found] = await run(halfTransactions(LIVE[target]));
    // A first read that was interrupted goes on with the tables that are missing, as they are then.
    expect(found, target).toMatchObject(Number(loads) > 1 ? { money: 0, moves: 0 } : { money: 0 });
  }
  return code === null;
}

/** Compares the targets with the source, once nobody writes any more. */
async function expectEqual(): Promise<void> {
  for (const [stream, key] of Object.entries(SHOP_TABLES)) {
    for (const [target, live] of Object.entries(LIVE)) {
      const now = `SELECT to_jsonb(t) - '{_deleted_at,_valid_from,_valid_to}'::text[] AS record FROM ${live(stream)} AS t`;
      const source = `SELECT to_jsonb(t) AS record FROM shop.${stream} AS t`;
      expect(await run(differences(source, now)), `${target}.${stream}`).toEqual([]);
    }
    const keyOf = `kept.key(to_jsonb(t), '{${key}}')`;
    const marked = `SELECT ${keyOf} AS key, _deleted_at AS at FROM soft.${stream} AS t WHERE _deleted_at IS NOT NULL`;
    expect(await run(`${marked} EXCEPT ${keptDeletions(stream)} LIMIT 10`), `marked in ${stream}`).toEqual([]);
    const all = `SELECT ${keyOf} AS key FROM soft.${stream} AS t`;
    expect(await run(`${keysOfFirstRead('soft', stream)} EXCEPT ${all} LIMIT 10`), `gone of ${stream}`).toEqual([]);
    expect(
      await run(differences(keptVersions('history', stream), targetVersions('history', stream))),
      `versions of ${stream}`,
    ).toEqual([]);
  }
  // All that a source keeps for a pipeline is its own slot.
  const slots = await run('SELECT slot_name AS name FROM pg_replication_slots ORDER BY slot_name');
  expect(slots).toEqual([{ name: 'aries_hard' }, { name: 'aries_history' }, { name: 'aries_soft' }]);
}

/** Runs the pipelines while others write to the shop, then lets them end, and compares. */
async function compared(
  interrupted: (pipeline: Pipeline, random: () => number) => Promise<void>,
  undisturbed: (pipeline: Pipeline) => Promise<void>,
): Promise<Record<Phase, number>> {
  const random = seeded();
  await makeShop(database);
  const all = await pipelines();
  isOver = false;
  onTestFinished(() => {
    isOver = true;
    for (const { running } of all) running?.kill('SIGKILL');
  });
  onTestFailed(() => console.error(all.map(({ target, kills }) => `${target}: ${JSON.stringify(kills)}`).join('\n')));
  await whileOthersWrite(database, random, async () => {
    await Promise.all(all.map((pipeline) => interrupted(pipeline, random)));
  });
  await Promise.all(all.map((pipeline) => undisturbed(pipeline)));
  await expectEqual();
  const sum = (phase: Phase) => all.reduce((count, { kills }) => count + kills[phase], 0);
  return { extract: sum('extract'), load: sum('load'), between: sum('between') };
}

test('runs that follow the log', { timeout: 600_000 }, async () => {
  const follow = (pipeline: Pipeline) => {
    const log = phaseLog();
    const flags = ['--follow', '--every', '200ms', '--log-level', 'debug'];
    return { log, started: launch(pipeline, flags, { onOutput: log.read }) };
  };
  const kills = await compared(
    async (pipeline, random) => {
      const usual = { extract: 500, load: 500, between: 500 };
      while (total(pipeline.kills) < KILLS) {
        const { log, started } = follow(pipeline);
        const wanted = (['extract', 'load', 'between'] as const)[Math.floor(random() * 3)]!;
        const turns = Math.floor(random() * 2);
        await until(() => log.phase === wanted && log.ended >= turns, started.done);
        Object.assign(usual, log.lasted);
        await sleep(random() * usual[wanted]);
        const { phase } = log;
        expect(await killed(started, pipeline), (await started.done).stdout).toBe(true);
        pipeline.kills[phase]++;
      }
    },
    async (pipeline) => {
      const { log, started } = follow(pipeline);
      await until(() => log.idle > 0, started.done);
      started.kill('SIGTERM');
      expect(await started.done).toMatchObject({ code: 143, result: { followed: { runs: { failed: 0 } } } });
    },
  );
  for (const phase of ['extract', 'load', 'between'] as const) expect(kills[phase], phase).toBeGreaterThan(4);
});

test('steps that are repeated until they end', { timeout: 600_000 }, async () => {
  const step = (pipeline: Pipeline, name: string, runId: string, options?: RunOptions) =>
    launch(pipeline, ['--step', name, '--run-id', runId], options);
  const kills = await compared(
    async (pipeline, random) => {
      const usual = { extract: 500, load: 500 };
      for (let turn = 0; total(pipeline.kills) < KILLS; turn++) {
        for (const name of ['extract', 'load'] as const) {
          for (;;) {
            let began = 0;
            const onOutput = () => {
              began ||= performance.now();
            };
            const started = step(pipeline, name, `run-${turn}`, { onOutput });
            if (total(pipeline.kills) < KILLS && random() < 0.7) {
              await until(() => began > 0);
              await sleep(random() * usual[name]);
              if (await killed(started, pipeline)) {
                pipeline.kills[name]++;
                continue;
              }
            }
            const result = await started.done;
            if (result.code === 0) {
              usual[name] = performance.now() - began;
              break;
            }
            // The server may not have ended the session of a process that was killed.
            expect(result, result.stdout + result.stderr).toMatchObject({ code: 75 });
          }
        }
      }
    },
    async (pipeline) => {
      succeeded(await step(pipeline, 'extract', 'last').done);
      succeeded(await step(pipeline, 'load', 'last').done);
    },
  );
  for (const phase of ['extract', 'load'] as const) expect(kills[phase], phase).toBeGreaterThan(9);
});
