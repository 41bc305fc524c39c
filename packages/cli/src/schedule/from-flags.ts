import type { Log } from '@aries-data/sdk';
import { listOf } from '../flag-values.ts';
import type { Session } from '../session.ts';
import { kubernetesName } from './names.ts';
import type { PodOptions } from './pod.ts';
import {
  environmentWithConnections,
  mountableFiles,
  type ScheduledPipeline,
  schedulePipeline,
} from './scheduled-pipeline.ts';

interface SharedFlags {
  file?: string | undefined;
  directory?: string | undefined;
  env?: string[] | string | undefined;
  retries: number;
  'retry-delay'?: number | undefined;
  partitions?: number | undefined;
}

export interface PodFlags {
  image?: string | undefined;
  secret?: string | undefined;
  cpu: string;
  memory: string;
  namespace?: string | undefined;
}

/** Reads the pipeline of a command, as schedulers see it. `apart`: its tasks share no disk. */
export function pipelineOf(
  file: string,
  flags: SharedFlags,
  { loadConnector, log }: Session,
  { apart }: { apart: boolean },
): Promise<ScheduledPipeline> {
  return schedulePipeline({
    pipeline: file,
    file: flags.file,
    directory: flags.directory,
    environment: listOf(flags.env),
    partitions: flags.partitions,
    retries: flags.retries,
    retryDelay: flags['retry-delay'] ?? 60,
    apart,
    loadConnector,
    log,
  });
}

/** Returns the options of a pipeline's pods. */
export function podOf(
  pipeline: ScheduledPipeline,
  { image, secret, cpu, memory, namespace }: PodFlags & { image: string },
  log: Log,
): PodOptions & { namespace: string | undefined } {
  return {
    image,
    cpu,
    memory,
    namespace,
    secret: secret ?? kubernetesName(pipeline.name, 63),
    environment: environmentWithConnections(pipeline),
    files: mountableFiles(pipeline, log),
  };
}
