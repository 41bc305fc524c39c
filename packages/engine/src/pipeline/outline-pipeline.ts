import { dirname, resolve } from 'node:path';
import { connectionIdOf } from '../config/airflow-connection.ts';
import { referencesIn } from '../config/resolve.ts';
import { groupTransforms, type PipelineOptions } from './pipeline.ts';
import { parsePipelineFile } from './pipeline-file.ts';

/** Outline of a pipeline, made without resolving references or reaching any system. */
export interface PipelineOutline {
  name: string;
  /** As written in the file, with references. */
  staging: string | undefined;
  schedule: string | undefined;
  interval: boolean;
  /** Names of the steps: `extract`, the transforms of whole datasets, `load`. */
  steps: string[];
  /** Environment variables, paths of files and ids of Airflow connections that the file refers to, each once. */
  references: { env: string[]; file: string[]; airflow: string[] };
}

/**
 * Reads a pipeline file for scheduling it. Throws `PIPELINE_INVALID`, `NOT_FOUND`, `CONNECTOR_NOT_FOUND`.
 *
 * @example
 * const { schedule, steps } = await outlinePipeline({ file: 'pipeline.yaml', loadConnector });
 */
export async function outlinePipeline({
  file,
  loadConnector,
}: Pick<PipelineOptions, 'file' | 'loadConnector'>): Promise<PipelineOutline> {
  const { pipeline } = await parsePipelineFile(file);
  const from = dirname(resolve(file));
  const transforms = await Promise.all(
    (pipeline.transforms ?? []).map(async ({ use, name }) => ({
      connector: await loadConnector(use, from),
      config: {},
      name,
    })),
  );
  const references = referencesIn(pipeline);
  const named = (scheme: string) => references.filter((one) => one.scheme === scheme).map(({ name }) => name);
  return {
    name: pipeline.name,
    staging: pipeline.staging,
    schedule: pipeline.schedule,
    interval: pipeline.interval ?? false,
    steps: ['extract', ...groupTransforms(transforms).groups.map(({ name }) => name), 'load'],
    references: { env: named('env'), file: named('file'), airflow: [...new Set(named('airflow').map(connectionIdOf))] },
  };
}
