import { AriesError } from '@aries-data/sdk';
import { containerSettings, type PodOptions, podSettings, secretEnvironment } from './pod.ts';
import { python } from './python.ts';
import { environmentWithConnections, type ScheduledPipeline } from './scheduled-pipeline.ts';
import { shellWord } from './shell-word.ts';
import { FINAL_CODES, SKIP_CODE, type Task } from './tasks.ts';

/** The parts of a DAG that depend on where its tasks run, as Python. */
export interface OperatorCode {
  /** Modules of Python itself, in addition to those that every DAG imports. */
  standard: string[];
  imports: string;
  constants: string[];
  /** The class `Aries`: an operator that knows the exit codes. */
  definition: string;
  /** The name of its argument for the environment. */
  environment: string;
  /** Returns the arguments of a task, except the environment. */
  argumentsOf(task: Task): Record<string, unknown>;
}

const RESULT_OF = `def result_of(exit_code, line):
    """What a task returns, or how it fails: where nothing better is known, Airflow tries again."""
    if exit_code == ${SKIP_CODE}:
        raise AirflowSkipException("aries: nothing to do")
    if exit_code in FINAL:
        raise AirflowFailException(f"aries: exit code {exit_code}: {line}")
    if exit_code != 0:
        raise AirflowException(f"aries: exit code {exit_code}: {line}")
    result = json.loads(line) if isinstance(line, str) else line or {}
    return result["partitions"] if result.get("step") == "plan" else result`;

/** The start of every operator's code. */
const FINAL = `# Usage, data, a bug, permission, configuration, out of memory: no retry can mend them.
FINAL = {${FINAL_CODES.join(', ')}}`;

/** Python that hands a task the connections that its pipeline refers to. */
function connectionsCode(connections: readonly string[], into: string): string {
  if (connections.length === 0) return '';
  return `
        for connection in CONNECTIONS:
            ${into}["AIRFLOW_CONN_" + connection.upper()] = BaseHook.get_connection(connection).get_uri()`;
}

const BASE_HOOK = `try:
    from airflow.sdk import BaseHook
except ImportError:
    from airflow.hooks.base import BaseHook
`;

function connectionsOf({ connections }: ScheduledPipeline) {
  return connections.length === 0
    ? { imports: '', constants: [] }
    : { imports: BASE_HOOK, constants: [`CONNECTIONS = ${python(connections)}`] };
}

/** Returns the operator `bash`: aries is installed where Airflow's workers run. */
export function bashOperator(pipeline: ScheduledPipeline, directory: string): OperatorCode {
  const { imports, constants } = connectionsOf(pipeline);
  return {
    standard: [],
    imports: `try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:  # Airflow 2
    from airflow.operators.bash import BashOperator
${imports}`,
    constants: [FINAL, ...constants],
    definition: `${RESULT_OF}


class Aries(BashOperator):
    """Runs aries in the worker's environment, and does with its exit code what it asks for."""

    def __init__(self, *, partition=None, **kwargs):
        super().__init__(append_env=True, cwd=${python(directory)}, **kwargs)
        self.partition = partition

    def execute(self, context):
        env = self.get_env(context)
        if self.partition is not None:
            env["ARIES_PARTITION"] = self.partition${connectionsCode(pipeline.connections, 'env')}
        done = self.subprocess_hook.run_command(["bash", "-c", self.bash_command], env=env, cwd=self.cwd)
        return result_of(done.exit_code, done.output)`,
    environment: 'env',
    argumentsOf: ({ args }) => ({ bash_command: ['exec aries', ...args.map(shellWord)].join(' ') }),
  };
}

/** Returns the operator `docker`: each task is a container on the worker's machine. */
export function dockerOperator(
  pipeline: ScheduledPipeline,
  { image, network, memory }: { image: string; network: string | undefined; memory: string | undefined },
): OperatorCode {
  const { imports, constants } = connectionsOf(pipeline);
  const settings = {
    image,
    auto_remove: 'force',
    mount_tmp_dir: false,
    xcom_all: true,
    ...(network === undefined ? {} : { network_mode: network }),
    ...(memory === undefined ? {} : { mem_limit: memory.replace(/(?<=[KMGT])i$/, '') }),
  };
  return {
    standard: ['os'],
    imports: `from airflow.providers.docker.exceptions import DockerContainerFailedException
from airflow.providers.docker.operators.docker import DockerOperator
${imports}`,
    constants: [
      FINAL,
      `# The container gets these from the worker's environment; what they hold stands nowhere.\nSECRETS = ${python(pipeline.environment)}`,
      ...constants,
      `CONTAINER = ${python(settings)}`,
    ],
    definition: `${RESULT_OF}


def result_line(lines):
    """The line with the result: the last of stdout, but Docker may hand out lines of stderr behind it."""
    for line in reversed(lines or []):
        try:
            if "ok" in json.loads(line):
                return line
        except (ValueError, TypeError):
            pass
    return '{"exitCode": 1}'


class Aries(DockerOperator):
    """Runs aries in a container, and does with its exit code what it asks for."""

    def __init__(self, *, partition=None, **kwargs):
        super().__init__(**CONTAINER, **kwargs)
        self.partition = partition

    def execute(self, context):
        if self.partition is not None:
            self.command = [*self.command, "--partition", self.partition]
        private = {name: os.environ[name] for name in SECRETS if name in os.environ}${connectionsCode(pipeline.connections, 'private')}
        self._private_environment = private
        try:
            return result_of(0, result_line(super().execute(context)))
        except DockerContainerFailedException as failure:
            line = result_line(failure.logs)
            return result_of(json.loads(line)["exitCode"], line)`,
    environment: 'environment',
    argumentsOf: ({ args }) => ({ command: args }),
  };
}

/** Returns the operator `kubernetes`: each task is a pod. */
export function kubernetesOperator(
  pipeline: ScheduledPipeline,
  { namespace, ...options }: PodOptions & { namespace: string | undefined },
): OperatorCode {
  const environment = environmentWithConnections(pipeline);
  const { image: _, ...container } = containerSettings(options);
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    spec: {
      ...podSettings(options),
      containers: [{ name: 'base', ...container, env: secretEnvironment({ ...options, environment }) }],
    },
  };
  const settings = { image: options.image, ...(namespace === undefined ? {} : { namespace }) };
  return {
    standard: [],
    imports: 'from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator\n',
    constants: [FINAL, `CONTAINER = ${python(settings)}`, `POD = ${python(pod)}`],
    definition: `${RESULT_OF}


def exit_code_of(pod, container):
    """The exit code of a pod's container; 1 where it died without one."""
    statuses = (pod.status.container_statuses if pod and pod.status else None) or []
    ended = [one.state.terminated for one in statuses if one.name == container and one.state]
    return ended[0].exit_code if ended and ended[0] else 1


class Aries(KubernetesPodOperator):
    """Runs aries in a pod, and does with its exit code what it asks for."""

    def __init__(self, *, partition=None, **kwargs):
        super().__init__(pod_template_dict=POD, **CONTAINER, **kwargs)
        self.partition = partition

    def execute(self, context):
        if self.partition is not None:
            self.arguments = [*self.arguments, "--partition", self.partition]
        return result_of(0, super().execute(context))

    def cleanup(self, pod, remote_pod, *args, **kwargs):
        try:
            super().cleanup(pod, remote_pod, *args, **kwargs)
        except AirflowException as failure:
            result_of(exit_code_of(remote_pod, self.base_container_name) or 1, str(failure))`,
    environment: 'env_vars',
    // Only the plan returns a result: doing so takes a second container, which Airflow adds to the pod.
    argumentsOf: ({ args, kind }) => ({
      arguments: args,
      do_xcom_push: kind === 'plan',
    }),
  };
}

/** Returns the image that the operator needs. Throws `USAGE` if there is none. */
export function requireImage(image: string | undefined, target: string): string {
  if (image !== undefined) return image;
  throw new AriesError('USAGE', `${target} needs --image`, {
    hint: 'Name the image that holds aries, the connectors and the pipeline file, such as --image registry/orders:1.',
  });
}
