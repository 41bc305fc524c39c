import type { ICronJob, IJob } from 'kubernetes-models/batch/v1';
import type { IContainer, IEnvVar, IPodSpec } from 'kubernetes-models/v1';
import { kubernetesName } from './names.ts';
import { containerSettings, type PodOptions, podSettings, secretEnvironment } from './pod.ts';
import type { ScheduledPipeline } from './scheduled-pipeline.ts';
import { FINAL_CODES, SKIP_CODE, type Task } from './tasks.ts';
import { yaml } from './yaml.ts';

/** A run is named by its Job: the name that the CronJob gives it, or that `kubectl create job --from` is told. */
const RUN_ID: IEnvVar = {
  name: 'ARIES_RUN_ID',
  valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-name']" } },
};

/**
 * Runs the steps behind the extract where all partitions are there. A share that is done before the others leaves them to whoever is
 * last: `--skip-missing` ends with 99, which is no failure of this pod. The shell is process 1, so it hands SIGTERM on,
 * also one that comes before it knows the child; a `wait` that a signal ends returns before the child has.
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
 * A CronJob, or a Job where the pipeline has no schedule, as YAML. Without `partitions` one pod runs the whole pipeline; with them it is
 * an Indexed Job, whose pods extract a share each, and the last of which goes on to the load.
 */
export function kubernetesManifest(pipeline: ScheduledPipeline, options: KubernetesOptions): string {
  // A CronJob's name may have 52 characters: its Jobs' have a time behind it.
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
        // A node that was drained is no failure of the pipeline.
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
      // Each pod plans; the first one's plan is everyone's.
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
