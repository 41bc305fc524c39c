import type { ICronJob, IJob } from 'kubernetes-models/batch/v1';
import type { IContainer, IEnvVar, IPodSpec } from 'kubernetes-models/v1';
import { kubernetesName } from './names.ts';
import { containerSettings, type PodOptions, podSettings, secretEnvironment } from './pod.ts';
import type { ScheduledPipeline } from './scheduled-pipeline.ts';
import { FINAL_CODES, SKIP_CODE, type Task } from './tasks.ts';
import { yaml } from './yaml.ts';

/** The run id is the name of the Job, which comes from the CronJob or from `kubectl create job --from`. */
const RUN_ID: IEnvVar = {
  name: 'ARIES_RUN_ID',
  valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-name']" } },
};

/**
 * Runs the steps after the extract once all partitions are there. Pods that finish before the others leave them to the last one:
 * `--skip-missing` ends with 99, which is no failure of the pod. The shell is process 1, so it passes SIGTERM on, even one that
 * arrives before the child is known. `wait` returns at a signal before the child has ended, so it is repeated.
 */
const LAST_STEPS = `trap 'stopped=yes; kill -TERM "$child" 2>/dev/null' TERM
for step in "$@"; do
  aries run "$ARIES_PIPELINE" --step "$step" --skip-missing &
  child=$!
  if [ "$stopped" ]; then kill -TERM "$child"; fi
  while kill -0 "$child" 2>/dev/null; do
    wait "$child"
    code=$?
  done
  if [ "$code" -eq ${SKIP_CODE} ]; then exit 0; fi
  if [ "$code" -ne 0 ]; then exit "$code"; fi
done
`;

export interface KubernetesOptions extends PodOptions {
  namespace: string | undefined;
}

/**
 * Writes a CronJob, or a Job if the pipeline has no schedule, as YAML. Without `partitions` one pod runs the whole pipeline. With them it
 * is an Indexed Job: each pod extracts a share, and the last one continues with the load.
 */
export function kubernetesManifest(pipeline: ScheduledPipeline, options: KubernetesOptions): string {
  // A CronJob's name may have 52 characters: Kubernetes appends a time for its Jobs.
  const name = kubernetesName(pipeline.name, 52);
  const labels = {
    'app.kubernetes.io/name': kubernetesName(pipeline.name, 63),
    'app.kubernetes.io/managed-by': 'aries',
  };
  const namespace = options.namespace === undefined ? {} : { namespace: options.namespace };
  const { schedule } = pipeline;
  const jobSpec: IJob['spec'] = {
    ...(pipeline.partitions === undefined
      ? { backoffLimit: pipeline.retries }
      : {
          completionMode: 'Indexed',
          completions: pipeline.partitions,
          parallelism: pipeline.partitions,
          backoffLimitPerIndex: pipeline.retries,
        }),
    podFailurePolicy: {
      rules: [
        { action: 'FailJob', onExitCodes: { operator: 'In', values: FINAL_CODES } },
        // The drain of a node is no failure of the pipeline.
        { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
      ],
    },
    template: { metadata: { labels }, spec: podOf(pipeline, options) },
  };
  if (schedule === undefined) {
    return yaml({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { generateName: `${name}-`, ...namespace, labels },
      spec: jobSpec,
    } satisfies IJob);
  }
  return yaml({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name, ...namespace, labels },
    spec: {
      schedule,
      timeZone: 'Etc/UTC',
      concurrencyPolicy: 'Forbid',
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 3,
      jobTemplate: { metadata: { labels }, spec: jobSpec },
    },
  } satisfies ICronJob);
}

function podOf(pipeline: ScheduledPipeline, options: KubernetesOptions): IPodSpec {
  const env = [RUN_ID, ...secretEnvironment(options)];
  const container = (name: string, args: string[]): IContainer => ({ name, ...containerSettings(options), args, env });
  const { partitions, tasks, file } = pipeline;
  if (partitions === undefined) return { ...podSettings(options), containers: [container('aries', ['run', file])] };
  const [plan, extract, ...steps] = tasks as [Task, Task, ...Task[]];
  return {
    ...podSettings(options),
    initContainers: [
      // Each pod plans; all of them use the plan of the first.
      container('plan', plan.args),
      container('extract', [...extract.args, '--partition', `$(JOB_COMPLETION_INDEX)/${partitions}`]),
    ],
    containers: [
      {
        ...container('load', ['sh', ...steps.map(({ step }) => step)]),
        command: ['sh', '-c', LAST_STEPS],
        env: [...env, { name: 'ARIES_PIPELINE', value: file }],
      },
    ],
  };
}
