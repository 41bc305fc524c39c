import type {
  ICronWorkflow,
  IRetryStrategy,
  ITemplate,
  IWorkflow,
  IWorkflowSpec,
} from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1';
import { kubernetesName } from './names.ts';
import { containerSettings, type PodOptions, podSettings, secretEnvironment } from './pod.ts';
import type { ScheduledPipeline } from './scheduled-pipeline.ts';
import { FINAL_CODES, type Task } from './tasks.ts';
import { yaml } from './yaml.ts';

/** A task for each partition in the result of the plan. */
const OVER_PARTITIONS = {
  arguments: { parameters: [{ name: 'partition', value: '{{item}}' }] },
  withParam: "{{=toJson(jsonpath(tasks.plan.outputs.result, '$.partitions'))}}",
};

export interface ArgoOptions extends PodOptions {
  namespace: string | undefined;
}

/**
 * Writes a CronWorkflow, or a Workflow if the pipeline has no schedule, as YAML: a plan, an extract for each partition of the plan by
 * `withParam`, then the other steps. The workflow's name is the run id, so `argo retry` resumes the same run.
 */
export function argoManifest(pipeline: ScheduledPipeline, options: ArgoOptions): string {
  // Argo adds to this name for runs and pods.
  const name = kubernetesName(pipeline.name, 40);
  const namespace = options.namespace === undefined ? {} : { namespace: options.namespace };
  const labels = { 'app.kubernetes.io/name': name, 'app.kubernetes.io/managed-by': 'aries' };
  const workflowSpec = specOf(pipeline, options);
  if (pipeline.schedule === undefined) {
    return yaml({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Workflow',
      metadata: { generateName: `${name}-`, ...namespace, labels },
      spec: workflowSpec,
    } satisfies IWorkflow);
  }
  return yaml({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'CronWorkflow',
    metadata: { name, ...namespace, labels },
    spec: {
      schedules: [pipeline.schedule],
      timezone: 'Etc/UTC',
      concurrencyPolicy: 'Forbid',
      workflowSpec,
    },
  } satisfies ICronWorkflow);
}

function specOf(pipeline: ScheduledPipeline, options: ArgoOptions): IWorkflowSpec {
  // Argo sets the rest itself. Its sidecar reports with the service account's token, so the token stays mounted.
  const { securityContext, volumes } = podSettings(options);
  const names = new Map(pipeline.tasks.map((task) => [task, kubernetesName(task.name, 63)]));
  return {
    entrypoint: 'pipeline',
    securityContext,
    volumes,
    arguments: {
      parameters: [
        // `argo submit -p force=true`: do it again, whatever was done before.
        { name: 'force', value: 'false' },
        ...(pipeline.interval ? [{ name: 'interval-start' }, { name: 'interval-end' }] : []),
      ],
    },
    templates: [
      {
        name: 'pipeline',
        dag: {
          tasks: pipeline.tasks.map((task, index) => ({
            name: names.get(task)!,
            template: names.get(task)!,
            ...(index === 0 ? {} : { dependencies: [names.get(pipeline.tasks[index - 1]!)!] }),
            ...(task.kind === 'extract' ? OVER_PARTITIONS : {}),
          })),
        },
      },
      ...pipeline.tasks.map((task) => templateOf(task, names.get(task)!, pipeline, options)),
    ],
  };
}

function templateOf(task: Task, name: string, pipeline: ScheduledPipeline, options: ArgoOptions): ITemplate {
  const isExtract = task.kind === 'extract';
  return {
    name,
    ...(isExtract ? { inputs: { parameters: [{ name: 'partition' }] } } : {}),
    container: {
      name: 'main',
      ...containerSettings(options),
      command: ['aries'],
      args: isExtract ? [...task.args, '--partition', '{{inputs.parameters.partition}}'] : task.args,
      env: [
        { name: 'ARIES_RUN_ID', value: '{{workflow.name}}' },
        { name: 'ARIES_FORCE', value: '{{workflow.parameters.force}}' },
        ...(pipeline.interval
          ? [
              { name: 'ARIES_INTERVAL_START', value: '{{workflow.parameters.interval-start}}' },
              { name: 'ARIES_INTERVAL_END', value: '{{workflow.parameters.interval-end}}' },
            ]
          : []),
        ...secretEnvironment(options),
      ],
    },
    retryStrategy: retries(pipeline),
  };
}

/** Retries after exit code 75, a crash or the loss of a node, but not after codes that no retry can fix. */
function retries({ retries: limit, retryDelay }: ScheduledPipeline): IRetryStrategy {
  return {
    limit: String(limit),
    retryPolicy: 'Always',
    backoff: { duration: `${retryDelay}s`, factor: '2', maxDuration: '1h' },
    expression: `lastRetry.status == 'Error' || !(asInt(lastRetry.exitCode) in [${FINAL_CODES.join(', ')}])`,
  };
}
