import { existsSync, globSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extract, load, type StreamOptions, showState } from '@aries-data/engine';
import type { Disposition, Source } from '@aries-data/sdk';
import { expect } from 'vitest';
import { fixture, type RunOptions, type RunResult } from '../../packages/cli/src/testing/run-aries.ts';
import { runHere } from '../../packages/cli/src/testing/run-here.ts';
import { source as records } from '../fixtures/connectors/records.ts';
import { type Started, start, until } from './commands.ts';
import { duckdbTarget, postgresTarget } from './targets.ts';

export { seeded, start, succeeded, UNHURRIED, until } from './commands.ts';

/** A record of the source. */
export interface Item {
  id: number;
  at: string;
  note: string;
}

export const item = (id: number, at: string, note = `note ${id}`): Item => ({ id, at: `${at}Z`, note });

export interface OperatorOptions {
  into?: 'postgres' | 'duckdb';
  /** Options of the stream `items`. */
  stream?: Omit<StreamOptions, 'name'>;
  /** The records have no key. */
  keyless?: boolean;
  disposition?: Disposition;
  /** What the source holds at first. */
  items?: Item[];
}

export interface CommandOptions {
  /** Of the source. */
  config?: object | undefined;
  /** Another way to the database. */
  databaseUrl?: string | undefined;
  name?: string | undefined;
}

type ArgumentsOf = (step: 'extract' | 'load', run: string, flags?: string[], options?: CommandOptions) => string[];

/** Somebody who runs a pipeline's tasks again, with a source that can be changed and a table that can be looked at. */
export interface Operator extends AsyncDisposable {
  /** A folder for whatever the test needs. */
  folder: string;
  staging: string;
  databaseUrl: string;
  /** Rewrites the source. */
  change(items: Item[]): Promise<void>;
  /** How often the source was read, and from where. */
  reads(): Promise<unknown[]>;
  /** Inside this process, where that is the same. */
  extract(run: string, flags?: string[], options?: CommandOptions): Promise<RunResult>;
  load(run: string, flags?: string[], options?: CommandOptions): Promise<RunResult>;
  /** Loads until it is done, and says how it ended: another load may stand in the way for a moment (75). */
  loadAtLast(run: string): Promise<string>;
  /** A run that nothing disturbs, extracted and loaded inside this process: a whole day in a tenth of the time. */
  both(run: string, interval?: string[]): Promise<void>;
  /** The same as `extract` and `load`, in a process of its own and not waited for. */
  start(step: 'extract' | 'load', run: string, flags?: string[], options?: CommandOptions & RunOptions): Started;
  /** Starts an extract that stops at this many records, checkpoints durable, and waits until it has come there. */
  startAndPause(run: string, at: number, flags?: string[]): Promise<Started>;
  /** Lets go on whoever waits there. */
  resume(): Promise<void>;
  table(): Promise<Item[]>;
  sql(statement: string): Promise<Record<string, unknown>[]>;
  /** How far the pipeline has come, as the next extract sees it. */
  state(): Promise<{ cursor: string; keys: unknown[] } | null>;
  /** The table that the source as it is now makes, in one run that nothing disturbs. */
  undisturbed(config?: object): Promise<Item[]>;
}

/** An operator of a pipeline named `job` from the fixture `records` into a database of its own. */
export async function operator(options: OperatorOptions = {}): Promise<Operator> {
  const { into = 'postgres', stream, keyless = false, disposition, items = [] } = options;
  const folder = await mkdtemp(join(tmpdir(), 'aries-again-'));
  const target = into === 'postgres' ? await postgresTarget() : await duckdbTarget(folder);
  const path = join(folder, 'items.json');
  const staging = `file://${folder}/staging`;
  const streams = [{ name: keyless ? 'items without key' : 'items', as: 'items', ...stream }];
  const json = JSON.stringify;
  const change = (changed: Item[]) => writeFile(path, json(changed));
  const use = (config: object = {}) => ({
    connector: { name: 'records', version: '0.0.0', source: records as Source },
    config: { path, ...config },
  });
  const destination = (config: object) => ({
    connector: { name: into, version: '0.0.0', destination: target.destination },
    config,
  });
  const argumentsOf: ArgumentsOf = (step, run, flags = [], { config = {}, databaseUrl, name = 'job' } = {}) => {
    const from = ['--config', json({ path, ...config }), '--streams', json(streams)];
    const to = ['--config', json(databaseUrl === undefined ? target.config : { url: databaseUrl })];
    const how = disposition === undefined || flags.includes('--disposition') ? [] : ['--disposition', disposition];
    const args =
      step === 'extract'
        ? [fixture('records'), ...from, '--staging', staging, '--name', name, '--run-id', run]
        : [into, ...to, '--input', `${staging}/${name}/${run}/extract`, ...how];
    return [step, ...args, ...flags];
  };
  // A process can open a DuckDB file only once, and two loads at once are two processes.
  const runLoad = into === 'duckdb' ? (args: string[]) => start(args).done : runHere;
  await change(items);

  const self: Operator = {
    folder,
    staging,
    databaseUrl: target.url,
    change,
    async reads() {
      if (!existsSync(`${path}.reads`)) return [];
      const lines = (await readFile(`${path}.reads`, 'utf8')).trimEnd().split('\n');
      return lines.map((line) => JSON.parse(line));
    },

    extract: (run, flags, options) => runHere(argumentsOf('extract', run, flags, options)),
    load: (run, flags, options) => runLoad(argumentsOf('load', run, flags, options)),

    async loadAtLast(run) {
      for (let attempt = 0; attempt < 10; attempt++) {
        const load = await self.load(run);
        if (load.code === 0) return load.result.streams.items.outcome;
        expect(load, load.stdout + load.stderr).toMatchObject({ code: 75 });
      }
      throw new Error(`The load of ${run} does not end`);
    },

    async both(runId, [, start, , end] = []) {
      const interval = start === undefined || end === undefined ? undefined : { start, end };
      const { dataset } = await extract({ source: use(), streams, staging, name: 'job', runId, interval });
      await load({ destination: destination(target.config), input: [dataset], disposition });
    },

    start: (step, run, flags, { config, databaseUrl, name, ...options } = {}) =>
      start(argumentsOf(step, run, flags, { config, databaseUrl, name }), options),

    async startAndPause(run, at, flags) {
      const checkpoints = () => globSync(join(folder, 'staging/job', run, 'extract/*/*.checkpoint.json')).length;
      const before = checkpoints();
      await rm(`${path}.paused`, { force: true });
      await writeFile(`${path}.pause`, String(at));
      const started = self.start('extract', run, flags);
      await until(() => existsSync(`${path}.paused`) && checkpoints() > before, started.done);
      return started;
    },
    resume: () => rm(`${path}.pause`),

    table: async () => itemsOf(await target.rows('items', 'here')),
    sql: target.sql,
    state: async () => ((await showState({ staging, name: 'job' })).streams.items as never) ?? null,

    async undisturbed(config) {
      const elsewhere = `file://${await mkdtemp(join(folder, 'undisturbed-'))}`;
      const { dataset } = await extract({ source: use(config), streams, staging: elsewhere });
      await load({ destination: destination(await target.elsewhere()), input: [dataset] });
      return itemsOf(await target.rows('items', 'elsewhere'));
    },

    async [Symbol.asyncDispose]() {
      await target[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return self;
}

function itemsOf(rows: Record<string, unknown>[]): Item[] {
  return rows
    .map(({ id, at, note }) => ({
      id: Number(id),
      at: (at as Date).toISOString().replace('.000Z', 'Z'),
      note: String(note),
    }))
    .sort((a, b) => a.id - b.id || a.at.localeCompare(b.at) || a.note.localeCompare(b.note));
}
