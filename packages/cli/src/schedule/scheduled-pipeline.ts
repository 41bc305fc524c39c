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
  /** True if each run reads the scheduler's interval instead of what is new since the state. */
  interval: boolean;
  tasks: Task[];
  /** Number of partitions for each stream. */
  partitions: number | undefined;
  retries: number;
  /** Seconds. */
  retryDelay: number;
  /** Names of environment variables that the tasks need. */
  environment: string[];
  /** Ids of connections that Airflow keeps. */
  connections: string[];
  /** Paths of `${file:…}`. */
  files: string[];
}

export interface ScheduleRequest extends Pick<PipelineOptions, 'loadConnector'> {
  pipeline: string;
  /** Path of the file on the machine or in the image that runs it, if it differs. */
  file: string | undefined;
  /** The folder that the command runs in, for schedulers that set it. */
  directory: string | undefined;
  /** Names in addition to those that the file refers to. */
  environment: readonly string[];
  partitions: number | undefined;
  retries: number;
  retryDelay: number;
  /** True if the tasks of a run share no disk. */
  apart: boolean;
  log: Log;
}

/** Reads what a scheduler needs to know about a pipeline, without connecting to anything or reading a secret. Throws `PIPELINE_INVALID`. */
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

/** Returns the names of all variables, including those of Airflow's connections. */
export function environmentWithConnections({ environment, connections }: ScheduledPipeline): string[] {
  return [...new Set([...environment, ...connections.map((id) => `AIRFLOW_CONN_${id.toUpperCase()}`)])];
}

/** Returns the files that can be mounted from a Secret, and warns about the others, which users must provide themselves. */
export function mountableFiles({ files }: ScheduledPipeline, log: Log): string[] {
  for (const file of files.filter((path) => !isAbsolute(path)))
    log.warn(`The pipeline refers to the file ${file}: it must be in the image`);
  return files.filter((path) => isAbsolute(path));
}

/** Throws `PIPELINE_INVALID` if the pipeline wants an interval: this scheduler has none. */
export function refuseInterval({ interval }: ScheduledPipeline, file: string, scheduler: string): void {
  if (!interval) return;
  throw new AriesError('PIPELINE_INVALID', `${file}: interval: ${scheduler} gives its runs no interval`, {
    hint: 'Remove interval, so that each run reads what is new since the last one; or schedule the pipeline with Airflow.',
  });
}

function checkStaging(staging: string | undefined, file: string, log: Log): void {
  if (staging === undefined) {
    throw new AriesError(
      'PIPELINE_INVALID',
      `${file}: staging is missing: the tasks run in containers that share no disk`,
      {
        hint: 'Set staging to a place that all of them can reach, such as s3://bucket/prefix.',
      },
    );
  }
  if (!/^[a-z0-9]+:\/\//i.test(staging) ? !staging.startsWith('${') : staging.startsWith('file:'))
    log.warn(`${file}: staging is the folder ${staging}: all containers must share it`);
}
