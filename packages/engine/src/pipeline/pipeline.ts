import { dirname, resolve } from 'node:path';
import {
  AriesError,
  type Connector,
  type Deletes,
  type Disposition,
  type Interval,
  type SchemaChange,
  type StagedFormat,
} from '@aries-data/sdk';
import { openStore } from '@aries-data/stores';
import { newRunId, stepFolder } from '../dataset/layout.ts';
import { extract } from '../extract/extract.ts';
import { planExtract } from '../extract/plan-extract.ts';
import { releaseCommitted } from '../extract/release.ts';
import { parseAge, type Retention } from '../house/keep.ts';
import { applyRetention, type Freed } from '../house/retention.ts';
import { createEarlyLoad } from '../load/early-load.ts';
import { load } from '../load/load.ts';
import { createRedactor, type Redactor } from '../redact/redact.ts';
import { silentLog, withFields } from '../step/log.ts';
import type {
  ConnectorUse,
  ExtractOptions,
  MaxRejected,
  PlanResult,
  StepOptions,
  StepResult,
} from '../step/step-options.ts';
import { transform } from '../transform/transform.ts';
import { type Pipeline, readPipelineFile } from './pipeline-file.ts';

/** Options of `runPipeline`: the file, and options that override it. */
export interface PipelineOptions extends Omit<StepOptions, 'name'> {
  /** The pipeline file. */
  file: string;
  /** Runs only this step: `extract`, the name of a transform of whole datasets, or `load`. */
  step?: string | undefined;
  /** Overrides the file's `staging`. */
  staging?: string | undefined;
  state?: string | undefined;
  interval?: Interval | undefined;
  fullRefresh?: boolean | undefined;
  allowGap?: boolean | undefined;
  adopt?: boolean | undefined;
  /** Overrides the file's `allowRepeat`. */
  allowRepeat?: boolean | undefined;
  skipMissing?: boolean | undefined;
  limit?: number | undefined;
  /** See `ExtractOptions`. */
  maxRecords?: number | undefined;
  maxSeconds?: number | undefined;
  untilIdle?: number | undefined;
  /** Overrides the file's `deletes`, but not those of streams. */
  deletes?: Deletes | undefined;
  /** Overrides the file's `maxDeleted`. */
  maxDeleted?: MaxRejected | undefined;
  /** Extracts only this partition of the run's plan. Needs `step: 'extract'`. */
  partition?: string | undefined;
  /** Format of the extract's parts. Default: the best for source and destination. */
  stagedFormat?: StagedFormat | undefined;
  /** Overrides the file's `schemaChange`, also those of streams. */
  schemaChange?: SchemaChange | undefined;
  env: Readonly<Record<string, string | undefined>>;
  /** Loads the connector that `use` names. Relative paths start at `from`, the folder of the pipeline file. */
  loadConnector(use: string, from: string): Promise<Connector>;
}

/** Result of the last step, with the results of all steps. */
export interface PipelineResult extends StepResult {
  steps: Record<string, StepResult>;
  /** What was deleted from staging because of the pipeline's `retention`, if anything. */
  pruned?: Freed;
}

/** Step of a pipeline. */
interface PipelineStep {
  name: string;
  run(): Promise<StepResult>;
}

/**
 * Runs a pipeline file: all its steps, or the one that a scheduler asks for. Throws `PIPELINE_INVALID` for an invalid file, and errors
 * of its steps.
 *
 * @example
 * const result = await runPipeline({ file: 'pipeline.yaml', runId: 'monday', env: process.env, loadConnector });
 */
export async function runPipeline(options: PipelineOptions): Promise<PipelineResult> {
  const started = performance.now();
  const redactor = options.redactor ?? createRedactor();
  const runId = options.runId ?? newRunId();
  if (options.partition !== undefined) refusePartition(options);
  if (options.step !== undefined && options.step !== 'extract' && options.runId === undefined) {
    throw new AriesError(
      'USAGE',
      `--step ${options.step} needs --run-id: it reads what the previous step of that run wrote`,
    );
  }
  const opened = await openPipeline({ ...options, redactor });
  const steps = await stepsOf(opened, { ...options, redactor, runId });
  const wanted = options.step === undefined ? steps : steps.filter(({ name }) => name === options.step);
  if (wanted.length === 0) {
    throw new AriesError('USAGE', `${options.file} has no step "${options.step}"`, {
      hint: `It has ${steps.map(({ name }) => name).join(', ')}.`,
    });
  }
  const results: Record<string, StepResult> = {};
  for (const step of wanted) {
    results[step.name] = await step.run();
  }
  // Where steps run apart, the next read does it.
  if (options.step === undefined) {
    const left = await releaseCommitted(extractOptions(opened, { ...options, redactor, runId }));
    results.extract = { ...results.extract!, ...left };
  }
  const last = results[wanted.at(-1)!.name]!;
  const pruned = last.step === 'load' ? await afterLoad(opened, { ...options, redactor, runId }) : undefined;
  const durationMs = Math.round(performance.now() - started);
  return { ...last, steps: results, ...(pruned === undefined ? {} : { pruned }), durationMs };
}

/** Deletes what the pipeline need not keep any more. */
async function afterLoad(
  { name, staging, retention }: OpenedPipeline,
  options: PipelineOptions & { runId: string; redactor: Redactor },
): Promise<Freed | undefined> {
  if (retention === undefined) return undefined;
  const { log, signal, redactor, runId } = options;
  return applyRetention({
    staging,
    name,
    keep: retention,
    log: withFields(log ?? silentLog, redactor, { step: 'load', run: runId }),
    signal,
  });
}

/**
 * Splits the extract of a pipeline into partitions for separate tasks. Throws like `planExtract`, and `PIPELINE_INVALID` for an invalid
 * file.
 *
 * @example
 * const { partitions } = await planPipelineExtract({
 *   file: 'pipeline.yaml',
 *   runId: 'monday',
 *   env: process.env,
 *   loadConnector,
 *   partitions: 8,
 * });
 */
export async function planPipelineExtract(
  options: Omit<PipelineOptions, 'partition'> & { partitions?: number | undefined },
): Promise<PlanResult> {
  refusePartition(options);
  const redactor = options.redactor ?? createRedactor();
  const opened = await openPipeline({ ...options, redactor });
  const { partitions, ...others } = options;
  return planExtract({ ...extractOptions(opened, { ...others, redactor, runId: options.runId! }), partitions });
}

function refusePartition({ step, runId }: PipelineOptions): void {
  if (step === 'extract' && runId !== undefined) return;
  throw new AriesError('USAGE', 'Partitions are for the extract step of one run', {
    hint: 'Add --step extract and --run-id.',
  });
}

/** Pipeline with its connectors loaded and its transforms assigned to steps. */
export interface OpenedPipeline {
  name: string;
  staging: string;
  source: ConnectorUse;
  streams: Pipeline['source']['streams'];
  destination: ConnectorUse;
  disposition: Disposition | undefined;
  schemaChange: SchemaChange | undefined;
  /** Policy by stream, which overrides `schemaChange`. */
  schemaChanges: Record<string, SchemaChange>;
  allowRepeat: boolean | undefined;
  deletes: Deletes | undefined;
  maxDeleted: MaxRejected | undefined;
  /** Transforms that run in the extract. */
  fused: NamedUse[];
  /** Transforms of whole datasets, each a step, with the transforms that run in it. */
  groups: { name: string; whole: NamedUse; after: NamedUse[] }[];
  /** Formats that the destination takes untouched. */
  preferFormats: readonly StagedFormat[] | undefined;
  maxRejected: MaxRejected | undefined;
  minRecords: number | undefined;
  /** Loaded runs to keep in staging. Default: all. */
  retention: Retention | undefined;
}

/** Reads a pipeline file and loads its connectors. */
export async function openPipeline(options: PipelineOptions & { redactor: Redactor }): Promise<OpenedPipeline> {
  const { pipeline, placeOf } = await readPipelineFile(options.file, { env: options.env, redactor: options.redactor });
  const from = dirname(resolve(options.file));
  const use = async (
    entry: { use: string; config?: Record<string, unknown> | undefined },
    ...at: PropertyKey[]
  ): Promise<ConnectorUse> => ({
    connector: await options.loadConnector(entry.use, from),
    config: entry.config ?? {},
    placeOf: (path) => placeOf([...at, 'config', ...path]),
  });
  const [source, destination] = await Promise.all([
    use(pipeline.source, 'source'),
    use(pipeline.destination, 'destination'),
  ]);
  const transforms = await Promise.all(
    (pipeline.transforms ?? []).map(async (entry, index) => ({
      ...(await use(entry, 'transforms', index)),
      name: entry.name,
    })),
  );
  const { fused, groups } = groupTransforms(transforms);
  return {
    name: pipeline.name,
    staging: options.staging ?? pipeline.staging ?? './.aries/staging',
    source,
    streams: pipeline.source.streams,
    destination,
    disposition: pipeline.destination.disposition,
    schemaChange: options.schemaChange ?? pipeline.destination.schemaChange,
    allowRepeat: options.allowRepeat ?? pipeline.destination.allowRepeat,
    deletes: options.deletes ?? pipeline.destination.deletes,
    maxDeleted: options.maxDeleted ?? countOrShare(pipeline.destination.maxDeleted),
    schemaChanges: options.schemaChange === undefined ? schemaChangesOf(pipeline) : {},
    fused,
    groups,
    preferFormats: groups.length === 0 ? destination.connector.destination?.formats : undefined,
    maxRejected: options.maxRejected ?? countOrShare(pipeline.maxRejected),
    minRecords: options.minRecords ?? pipeline.minRecords,
    retention: keepOf(pipeline.retention),
  };
}

/** Makes the options of a pipeline's extract. */
function extractOptions(opened: OpenedPipeline, options: PipelineOptions & { runId: string }): ExtractOptions {
  const { name, staging, source, streams, fused, preferFormats } = opened;
  const { stagedFormat, partition } = options;
  return {
    ...sharedOptions(opened, options),
    name,
    staging,
    source,
    streams,
    transforms: fused,
    stagedFormat,
    preferFormats,
    partition,
  };
}

/** Makes the options that all steps share. */
function sharedOptions(opened: OpenedPipeline, options: PipelineOptions & { runId: string }) {
  const { name, staging, destination, maxRejected, minRecords } = opened;
  const loadAhead = {
    disposition: opened.disposition,
    dispositions: destination.connector.destination?.dispositions ?? [],
    ...(destination.connector.destination?.deletes && { deletes: destination.connector.destination.deletes }),
  };
  const { stagedFormat: _, partition: __, ...others } = options;
  return { ...others, name, staging, maxRejected, minRecords, loadAhead };
}

async function stepsOf(opened: OpenedPipeline, options: PipelineOptions & { runId: string }): Promise<PipelineStep[]> {
  const { name, destination, groups, disposition, schemaChange, schemaChanges, allowRepeat } = opened;
  const { deletes, maxDeleted } = opened;
  const applied = { destination, disposition, deletes, maxDeleted, schemaChange, schemaChanges };
  const store = await openStore(opened.staging);
  const shared = sharedOptions(opened, options);
  const folderUri = (step: string) => store.uriOf(stepFolder({ name, runId: options.runId, step }));

  // A load that is run as a separate step finds the whole dataset, or none.
  const isWhole = options.step === undefined && groups.length === 0;
  const early =
    isWhole && destination.connector.destination?.loadsEarly === true
      ? createEarlyLoad({ ...shared, ...applied })
      : undefined;
  const steps: PipelineStep[] = [
    {
      name: 'extract',
      run: async () => {
        try {
          return await extract(extractOptions(opened, options), early);
        } catch (error) {
          await early?.discard();
          throw error;
        }
      },
    },
  ];
  for (const { name: step, whole, after } of groups) {
    const input = [folderUri(steps.at(-1)!.name)];
    steps.push({ name: step, run: () => transform({ ...shared, transform: whole, transforms: after, input, step }) });
  }
  const input = [folderUri(steps.at(-1)!.name)];
  steps.push({
    name: 'load',
    run: () => load({ ...shared, ...applied, input, allowRepeat }, early),
  });
  await store.close();
  return steps;
}

type NamedUse = ConnectorUse & { name: string | undefined };

/** Assigns transforms to steps. Those of scope `batch` run in the step before them; each of scope `dataset` is a separate step. */
export function groupTransforms(transforms: readonly NamedUse[]): {
  fused: NamedUse[];
  groups: { name: string; whole: NamedUse; after: NamedUse[] }[];
} {
  const fused: NamedUse[] = [];
  const groups: { name: string; whole: NamedUse; after: NamedUse[] }[] = [];
  for (const use of transforms) {
    if (use.connector.transform?.scope !== 'dataset') {
      (groups.at(-1)?.after ?? fused).push(use);
      continue;
    }
    const base = use.name ?? use.connector.name;
    const taken = groups.filter(({ name }) => name === base || name.startsWith(`${base}-`)).length;
    groups.push({ name: taken === 0 ? base : `${base}-${taken + 1}`, whole: use, after: [] });
  }
  return { fused, groups };
}

/** Collects the policies of single streams, by their names in the dataset. */
function schemaChangesOf({ source }: Pipeline): Record<string, SchemaChange> {
  const named = (source.streams ?? []).flatMap((stream): [string, SchemaChange][] =>
    typeof stream === 'string' || stream.schemaChange === undefined
      ? []
      : [[stream.as ?? stream.name, stream.schemaChange]],
  );
  return Object.fromEntries(named);
}

function keepOf(retention: Pipeline['retention']): Retention | undefined {
  if (retention === undefined) return undefined;
  return typeof retention === 'string' ? { ms: parseAge(retention) } : { last: retention.keepLast };
}

function countOrShare(value: number | string | undefined): MaxRejected | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'number' ? { count: value } : { share: Number.parseFloat(value) / 100 };
}
