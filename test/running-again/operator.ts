import { existsSync, globSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { extract, load, type StreamOptions, showState } from '@aries-data/engine';
import type { Disposition, Source } from '@aries-data/sdk';
import { expect } from 'vitest';
import { fixture, type RunOptions, type RunResult } from '../../packages/cli/src/testing/run-aries.ts';
import { runHere } from '../../packages/cli/src/testing/run-here.ts';
import { source as records } from '../fixtures/connectors/records.ts';
import { temporaryFolder } from '../folders/temporary-folder.ts';
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
  /** The options of the stream `items`. */
  stream?: Omit<StreamOptions, 'name'>;
  /** True if the records have no key. */
  keyless?: boolean;
  disposition?: Disposition;
  /** The source's initial records. */
  items?: Item[];
}

export interface CommandOptions {
  /** Options of the source. */
  config?: object | undefined;
  /** Another URL for the database. */
  databaseUrl?: string | undefined;
  name?: string | undefined;
}

type ArgumentsOf = (step: 'extract' | 'load', run: string, flags?: string[], options?: CommandOptions) => string[];

/** Runs a pipeline's tasks, with a source that can be changed and a table that can be inspected. */
export interface Operator extends AsyncDisposable {
  /** A folder for the test. */
  folder: string;
  staging: string;
  databaseUrl: string;
  /** Rewrites the source. */
  change(items: Item[]): Promise<void>;
  /** Lists the reads of the source with their positions. */
  reads(): Promise<unknown[]>;
  /** Runs in this process if that makes no difference. */
  extract(run: string, flags?: string[], options?: CommandOptions): Promise<RunResult>;
  load(run: string, flags?: string[], options?: CommandOptions): Promise<RunResult>;
  /** Loads until done, and returns the outcome. Another load may briefly be in the way (75). */
  loadAtLast(run: string): Promise<string>;
  /** Runs undisturbed in this process, in a tenth of the time. */
  both(run: string, interval?: string[]): Promise<void>;
  /** Like `extract` and `load`, but started in a separate process. */
  start(step: 'extract' | 'load', run: string, flags?: string[], options?: CommandOptions & RunOptions): Started;
  /** Starts an extract that pauses after this many records with durable checkpoints, and waits until then. */
  startAndPause(run: string, at: number, flags?: string[]): Promise<Started>;
  /** Resumes the paused extract. */
  resume(): Promise<void>;
  table(): Promise<Item[]>;
  sql(statement: string): Promise<Record<string, unknown>[]>;
  /** Returns the state that the next extract will see. */
  state(): Promise<{ cursor: string; keys: unknown[] } | null>;
  /** Returns the table that one undisturbed run from the current source makes. */
  undisturbed(config?: object): Promise<Item[]>;
}

/** Makes an operator of a pipeline `job` from the fixture `records` into a new database. */
export async function operator(options: OperatorOptions = {}): Promise<Operator> {
  const { into = 'postgres', stream, keyless = false, disposition, items = [] } = options;
  const folder = await temporaryFolder();
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
  // A process can open a DuckDB file only once, so two loads at once need two processes.
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
