import { isAbsolute } from 'node:path';
import { outlinePipeline, type PipelineOptions } from '@aries-data/engine';
import { AriesError, type Log } from '@aries-data/sdk';
import { checkReferences, checkTexts } from './check-names.ts';
import { checkedCron } from './cron-expression.ts';
import { type Task, tasksOf } from './tasks.ts';

/** A pipeline as every scheduler sees it. */
export interface ScheduledPipeline {
  name: string;
  /** The pipeline file where the tasks run. */
  file: string;
  /** Five fields or a name such as `@daily`, in UTC. */
  schedule: string | undefined;
  /** Each run reads the scheduler's interval, in place of what is new since the state. */
  interval: boolean;
  tasks: Task[];
  /** Partitions wanted of each stream. */
  partitions: number | undefined;
  retries: number;
  /** Seconds. */
  retryDelay: number;
  /** Names that the tasks need in their environment. */
  environment: string[];
  /** Ids of connections that Airflow keeps. */
  connections: string[];
  /** Paths of `${file:…}`. */
  files: string[];
}

export interface ScheduleRequest extends Pick<PipelineOptions, 'loadConnector'> {
  pipeline: string;
  /** Where the file is on the machine or in the image that runs it, if elsewhere. */
  file: string | undefined;
  /** Where the command runs, for schedulers that are told. */
  directory: string | undefined;
  /** Names besides those that the file refers to. */
  environment: readonly string[];
  partitions: number | undefined;
  retries: number;
  retryDelay: number;
  /** The tasks of a run do not share a disk. */
  apart: boolean;
  log: Log;
}

/** Reads what a scheduler needs to know of a pipeline. Nothing is reached and no secret is read. Throws `PIPELINE_INVALID`. */
export async function schedulePipeline(request: ScheduleRequest): Promise<ScheduledPipeline> {
  const { pipeline, file = pipeline } = request;
  const outline = await outlinePipeline({ file: pipeline, loadConnector: request.loadConnector });
  if (request.apart) checkStaging(outline.staging, pipeline, request.log);
  const environment = [...new Set([...outline.references.env, ...request.environment])];
  checkReferences(pipeline, environment, outline.references.airflow);
  checkTexts(pipeline, [
    ['name', outline.name],
    ['pipeline file', file],
    ['directory', request.directory ?? ''],
    ...outline.steps.map((step) => ['step', step] as const),
    ...outline.references.file.map((path) => ['file', path] as const),
  ]);
  return {
    name: outline.name,
    file,
    schedule: outline.schedule === undefined ? undefined : checkedCron(outline.schedule, pipeline),
    interval: outline.interval,
    tasks: tasksOf(file, outline.steps, request.partitions),
    partitions: request.partitions,
    retries: request.retries,
    retryDelay: request.retryDelay,
    environment,
    connections: outline.references.airflow,
    files: outline.references.file,
  };
}

/** The names of the environment where Airflow's connections come from it as well. */
export function environmentWithConnections({ environment, connections }: ScheduledPipeline): string[] {
  return [...new Set([...environment, ...connections.map((id) => `AIRFLOW_CONN_${id.toUpperCase()}`)])];
}

/** The files that can be mounted from a Secret. Warns of the others: somebody has to see to it that they are there. */
export function mountableFiles({ files }: ScheduledPipeline, log: Log): string[] {
  for (const file of files.filter((path) => !isAbsolute(path)))
    log.warn(`The pipeline refers to the file ${file}: it has to be in the image`);
  return files.filter((path) => isAbsolute(path));
}

/** Refuses an interval where the scheduler has none to give. Throws `PIPELINE_INVALID`. */
export function refuseInterval({ interval }: ScheduledPipeline, file: string, scheduler: string): void {
  if (!interval) return;
  throw new AriesError('PIPELINE_INVALID', `${file}: interval: ${scheduler} gives its runs no interval`, {
    hint: 'Leave interval out: each run then reads what is new since the last one. Or schedule it with Airflow.',
  });
}

function checkStaging(staging: string | undefined, file: string, log: Log): void {
  if (staging === undefined) {
    throw new AriesError(
      'PIPELINE_INVALID',
      `${file}: staging is missing: the tasks run in containers that share no disk`,
      {
        hint: 'Set staging to a place that all of them reach, such as s3://bucket/prefix.',
      },
    );
  }
  if (!/^[a-z0-9]+:\/\//i.test(staging) ? !staging.startsWith('${') : staging.startsWith('file:'))
    log.warn(`${file}: staging is the folder ${staging}: it has to be one that all containers share`);
}
