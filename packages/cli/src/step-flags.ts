import type {
  ExtractOptions,
  LoadOptions,
  MaxRejected,
  PipelineOptions,
  StreamOptions,
  TransformOptions,
} from '@aries-data/engine';
import { Flags, type Interfaces } from '@oclif/core';
import { parseCount, parseDuration, parseTime } from './flag-values.ts';
import * as flag from './flags.ts';
import { type Address, parseAddress } from './follow/address.ts';

/** The options of the engine that each command of a step sets. */
export interface OptionsOf {
  extract: ExtractOptions & { partitions?: number | undefined };
  transform: TransformOptions;
  load: LoadOptions;
  run: PipelineOptions & { partitions?: number | undefined };
}

export type StepCommand = keyof OptionsOf;

/**
 * Every flag of a step, in the order of the help: its name, the option that it sets, the commands that take it. The flag sets no
 * option by itself if that is null: the command reads it. From these rows follow `stepFlags`, their variables and `stepOptions`.
 */
const ROWS = [
  row(
    'step',
    'step',
    ['run'],
    Flags.string({ summary: 'Run only this step: extract, load, or the name of a transform', helpValue: 'STEP' }),
  ),
  row('config', null, ['extract', 'transform', 'load'], flag.config),
  row(
    'input',
    null,
    ['transform', 'load'],
    Flags.string({
      summary: 'URI of a dataset to read, as the previous step printed it; repeat it for several datasets',
      helpValue: 'URI',
      required: true,
      multiple: true,
      multipleNonGreedy: true,
    }),
  ),
  row('staging', 'staging', ['extract'], flag.requiredStaging),
  row('staging', 'staging', ['transform', 'run'], flag.staging),
  row(
    'streams',
    'streams',
    ['extract'],
    Flags.custom<(string | StreamOptions)[]>({
      summary: 'Streams to read: names separated by commas, JSON, or @file',
      helpValue: 'STREAMS',
      parse: async (text) => (await import('./streams-argument.ts')).parseStreams(text),
    })(),
  ),
  row('name', 'name', ['extract', 'transform'], flag.name),
  row(
    'run-id',
    'runId',
    ['extract', 'transform', 'run'],
    Flags.string({
      summary: "The scheduler's id for this run; the same id always means the same dataset",
      helpValue: 'ID',
    }),
  ),
  row(
    'disposition',
    'disposition',
    ['load'],
    Flags.option({
      options: ['append', 'replace', 'replace-interval', 'merge', 'history'] as const,
      summary: 'How to apply the dataset; by default this follows from how it was read',
    })(),
  ),
  row(
    'deletes',
    'deletes',
    ['load', 'run'],
    Flags.option({
      options: ['hard', 'soft', 'ignore'] as const,
      summary:
        'What to do with records that are gone at the source: delete them (the default), mark them, or keep them',
    })(),
  ),
  row(
    'max-deleted',
    'maxDeleted',
    ['load', 'run'],
    Flags.custom<MaxRejected>({
      summary: 'How many records may be deleted by comparing keys: a number, or a share; by default 20%',
      helpValue: 'N|N%',
      parse: async (text) => parseCount(text),
    })(),
  ),
  row(
    'state',
    'state',
    ['extract', 'load', 'run'],
    Flags.string({ summary: 'Where the state is stored; by default in the staging', helpValue: 'URI' }),
  ),
  row(
    'full-refresh',
    'fullRefresh',
    ['extract', 'run'],
    Flags.boolean({ summary: 'Read everything again and ignore the state' }),
  ),
  row(
    'interval-start',
    null,
    ['extract', 'run'],
    Flags.custom<string>({
      summary: 'Read only records whose cursor is at or after this time',
      helpValue: 'TIME',
      dependsOn: ['interval-end'],
      parse: async (text) => parseTime(text),
    })(),
  ),
  row(
    'interval-end',
    null,
    ['extract', 'run'],
    Flags.custom<string>({
      summary: 'Read only records whose cursor is before this time',
      helpValue: 'TIME',
      dependsOn: ['interval-start'],
      parse: async (text) => parseTime(text),
    })(),
  ),
  row(
    'plan',
    null,
    ['extract', 'run'],
    Flags.boolean({
      summary: 'Only split the extract into partitions, for separate tasks',
      exclusive: ['partition'],
    }),
  ),
  row(
    'partitions',
    'partitions',
    ['extract', 'run'],
    Flags.integer({
      summary: 'Number of partitions for each stream; by default this follows from its size',
      min: 1,
      helpValue: 'N',
      dependsOn: ['plan'],
    }),
  ),
  row(
    'partition',
    'partition',
    ['extract', 'run'],
    Flags.string({
      summary:
        'Extract one partition of the plan by its id, or with i/n every n-th partition from number i, counted from 0',
      helpValue: 'P',
    }),
  ),
  row(
    'staged-format',
    'stagedFormat',
    ['extract', 'transform', 'run'],
    Flags.option({
      options: ['csv', 'ndjson', 'pgcopy'] as const,
      summary: 'Format of staged records; by default the one that the source produces fastest',
    })(),
  ),
  row(
    'compression',
    'compression',
    ['extract', 'transform'],
    Flags.option({ options: ['zst', 'gz', 'none'] as const, summary: 'Compression of staged parts; by default zst' })(),
  ),
  row(
    'limit',
    'limit',
    ['extract', 'run'],
    Flags.integer({ summary: 'Maximum number of records per stream', min: 0, helpValue: 'N' }),
  ),
  row(
    'max-records',
    'maxRecords',
    ['extract', 'run'],
    Flags.integer({
      summary: 'End the read of a log or queue at the first checkpoint after so many records',
      min: 1,
      helpValue: 'N',
    }),
  ),
  row(
    'max-seconds',
    'maxSeconds',
    ['extract', 'run'],
    Flags.integer({
      summary: 'End the read of a log or queue at the first checkpoint after so many seconds',
      min: 1,
      helpValue: 'N',
    }),
  ),
  row(
    'until-idle',
    'untilIdle',
    ['extract', 'run'],
    Flags.integer({
      summary: 'End the read of a log or queue after so many seconds without a record',
      min: 1,
      helpValue: 'N',
    }),
  ),
  row(
    'schema-change',
    'schemaChange',
    ['load', 'run'],
    Flags.option({
      options: ['evolve', 'freeze', 'discard'] as const,
      summary: 'What to do if fields differ from the target: change the target (the default), fail, or omit new fields',
    })(),
  ),
  row(
    'allow-gap',
    'allowGap',
    ['load', 'run'],
    Flags.boolean({ summary: 'Load even if an earlier dataset was never loaded' }),
  ),
  row(
    'adopt',
    'adopt',
    ['load', 'run'],
    Flags.boolean({ summary: 'Load incrementally into a table that Aries has not loaded before' }),
  ),
  row(
    'allow-repeat',
    'allowRepeat',
    ['load', 'run'],
    Flags.boolean({ summary: 'Append a full read even if records of the same source were appended before' }),
  ),
  row(
    'concurrency',
    'concurrency',
    ['extract', 'transform', 'load', 'run'],
    Flags.integer({
      summary: 'Number of connections and parts at a time; by default the number of cores, at most 4',
      min: 1,
      helpValue: 'N',
    }),
  ),
  row(
    'max-rejected',
    'maxRejected',
    ['extract', 'transform', 'load', 'run'],
    Flags.custom<MaxRejected>({
      summary: 'How many records may be rejected: a number, or a share such as 0.5%',
      helpValue: 'N|N%',
      parse: async (text) => parseCount(text),
    })(),
  ),
  row(
    'min-records',
    'minRecords',
    ['extract', 'transform', 'load', 'run'],
    Flags.integer({ summary: 'Fail if a stream has fewer records', min: 0, helpValue: 'N' }),
  ),
  row(
    'skip-empty',
    'skipEmpty',
    ['extract', 'transform', 'load', 'run'],
    Flags.boolean({ summary: 'Exit with 99 if there are no records' }),
  ),
  row(
    'skip-missing',
    'skipMissing',
    ['extract', 'transform', 'load', 'run'],
    Flags.boolean({ summary: 'Exit with 99 instead of 75 if the input does not exist yet' }),
  ),
  row(
    'force',
    'force',
    ['extract', 'transform', 'load', 'run'],
    Flags.boolean({ summary: 'Do the work again, even if it is already done' }),
  ),
  row(
    'dry-run',
    null,
    ['run'],
    Flags.boolean({ summary: 'Print steps, streams and schema changes without running anything' }),
  ),
  row(
    'follow',
    null,
    ['run'],
    Flags.boolean({
      summary: 'Run again and again, each time with a run ID of its own, until a signal',
      exclusive: [
        'run-id',
        'step',
        'partition',
        'plan',
        'dry-run',
        'force',
        'full-refresh',
        'interval-start',
        'interval-end',
      ],
    }),
  ),
  row(
    'every',
    null,
    ['run'],
    Flags.custom<number>({
      summary: 'Time from the start of one run to the start of the next: 500ms, 10s, 5m or 1h; by default 10s',
      helpValue: 'TIME',
      dependsOn: ['follow'],
      parse: async (text) => parseDuration(text),
    })(),
  ),
  row(
    'listen',
    null,
    ['run'],
    Flags.custom<Address>({
      summary: 'Serve /healthz, /readyz and /metrics on this port of 127.0.0.1, or on another address',
      helpValue: '[HOST:]PORT',
      dependsOn: ['follow'],
      parse: async (text) => parseAddress(text),
    })(),
  ),
  row(
    'metrics-file',
    null,
    ['extract', 'transform', 'load', 'run'],
    Flags.string({
      summary: "Write metrics to this file, for Prometheus' textfile collector",
      helpValue: 'PATH',
      helpGroup: 'OUTPUT',
    }),
  ),
] as const;

/** A row of the table. `option` must be one that each of the commands has. */
function row<N extends string, C extends StepCommand, O extends (keyof OptionsOf[C] & string) | null, F>(
  name: N,
  option: O,
  commands: readonly C[],
  flag: F,
) {
  return { name, option, commands, flag };
}

type RowOf<C extends StepCommand> = (typeof ROWS)[number] extends infer R
  ? R extends { commands: readonly (infer D)[] }
    ? C extends D
      ? R
      : never
    : never
  : never;

type ValueOf<R> = R extends { flag: Interfaces.BooleanFlag<infer T> }
  ? T
  : R extends { flag: Interfaces.OptionFlag<infer T> }
    ? T
    : never;

/** The values of the flags of a command, once they are parsed. */
export type StepFlags<C extends StepCommand> = { [R in RowOf<C> as R['name']]: ValueOf<R> };

/** The options that the flags of a command set. */
export type OptionsFromFlags<C extends StepCommand> = {
  [R in RowOf<C> as R['option'] extends string ? R['option'] : never]: ValueOf<R>;
};

/** Returns the flags of a command, each with its environment variable. */
export function stepFlags<C extends StepCommand>(command: C): Interfaces.FlagInput<StepFlags<C>> {
  const own = rowsOf(command).map(({ name, flag }) => [name, flag]);
  return flag.withEnvironment(Object.fromEntries(own));
}

/** Returns the options that the flags of a command set. */
export function stepOptions<C extends StepCommand>(command: C, flags: StepFlags<C>): OptionsFromFlags<C> {
  const own = rowsOf(command).flatMap(({ name, option }) =>
    option === null ? [] : [[option, (flags as Record<string, unknown>)[name]]],
  );
  return Object.fromEntries(own);
}

function rowsOf(command: StepCommand) {
  return ROWS.filter(({ commands }) => (commands as readonly StepCommand[]).includes(command));
}
