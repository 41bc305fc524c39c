import { globSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runAries } from '../../packages/cli/src/testing/run-aries.ts';
import { temporaryFolder } from '../folders/temporary-folder.ts';
import { startAirflow } from '../services/airflow.ts';
import { type FreshDatabase, freshDatabase } from '../services/database.ts';
import { query } from '../services/query.ts';
import { testDockerOperator } from './airflow-docker.ts';

const GOLDEN = join(import.meta.dirname, '../../packages/cli/src/schedule/golden');

/** Parses the log of `airflow dags test` into each attempt's task and exit code. */
function attemptsOf(output: string): string[] {
  const attempts: string[] = [];
  // Airflow 2 prints each line twice, once with this time format.
  for (const line of output.split('\n').filter((one) => /^\[?\d{4}-\d\d-\d\dT/.test(one))) {
    const step = /Running command: \[.*--step (\w+)( --plan)?/.exec(line);
    if (step !== null) attempts.push(step[2] === undefined ? step[1]! : 'plan');
    const code = /Command exited with return code (\d+)/.exec(line);
    if (code !== null) attempts.push(`${attempts.pop()} ${code[1]}`);
  }
  return attempts;
}

describe.each([
  { version: '2.11.*', providers: ['apache-airflow-providers-docker', 'apache-airflow-providers-cncf-kubernetes'] },
  { version: '3.*', providers: ['apache-airflow-providers-docker', 'apache-airflow-providers-cncf-kubernetes'] },
])('Airflow $version', async ({ version, providers }) => {
  const found = await startAirflow(version, providers);
  if (found.state === 'missing') {
    test('is installed', ({ skip }) => skip(found.reason));
    return;
  }
  const { airflow } = found;
  let shop: FreshDatabase;
  let warehouse: FreshDatabase;
  let folder: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    [shop, warehouse] = [await freshDatabase(), await freshDatabase()];
    folder = await temporaryFolder();
    env = { SHOP_URL: shop.url, WAREHOUSE_URL: warehouse.url };
    await query(
      shop.url,
      `CREATE TABLE customers (id int PRIMARY KEY, name text);
       INSERT INTO customers SELECT i, 'customer ' || i FROM generate_series(1, 200) i;
       CREATE TABLE orders (id int, day date, at timestamptz, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
       CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM ('2026-01-01') TO ('2026-01-03');
       CREATE TABLE orders_2 PARTITION OF orders FOR VALUES FROM ('2026-01-03') TO ('2026-02-01');
       INSERT INTO orders SELECT i, date '2026-01-01' + i % 5, timestamptz '2026-01-01 06:00Z' + i % 5 * interval '1 day'
       FROM generate_series(1, 1000) i;`,
    );
  });
  afterAll(async () => {
    await airflow[Symbol.asyncDispose]();
    await shop[Symbol.asyncDispose]();
    await warehouse[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  /** Writes a pipeline and the DAG that `aries schedule` generates from it. */
  async function deploy(name: string, { streams = '', extra = '', flags = [] as string[] } = {}): Promise<void> {
    const file = join(folder, `${name}.yaml`);
    await writeFile(
      file,
      `name: ${name}
source: { use: postgres, config: { url: "\${env:SHOP_URL}" }${streams} }
destination: { use: postgres, config: { url: "\${env:WAREHOUSE_URL}", schema: ${name} } }
staging: ${folder}/staging
schedule: "@daily"
${extra}
`,
    );
    if (name !== 'wrong') await query(warehouse.url, `CREATE SCHEMA ${name}`);
    const argv = ['schedule', 'airflow', file, '--directory', folder, '--retry-delay', '1', '--retries', '2', ...flags];
    const { code, stdout, stderr } = await runAries(argv);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await writeFile(join(airflow.dags, `${name}.py`), stdout);
  }

  const dagTest = (name: string, date: string) => airflow.airflow(['dags', 'test', name, date], env);

  const rowsOf = (table: string) =>
    query(warehouse.url, `SELECT count(*)::int, count(DISTINCT id)::int AS ids FROM ${table}`);

  // One version is enough: the differences between Airflow 2 and 3 are in the DAGs of every operator.
  if (version === '3.*') testDockerOperator(airflow);

  test('reads the generated DAGs of every operator', async () => {
    const dags = await airflow.python(READ_DAGS, ...globSync(join(GOLDEN, 'airflow-*.py')));
    const tasks = ['plan', 'extract', 'dedupe', 'load'];
    expect(dags).toEqual({
      'airflow-bash.py': { errors: [], orders: tasks },
      'airflow-docker.py': { errors: [], orders: tasks },
      'airflow-kubernetes.py': { errors: [], orders: tasks },
      'airflow-bash-interval.py': { errors: [], 'Evenements_web-4582f6': ['plan', 'extract', 'load'] },
      'airflow-docker-interval.py': { errors: [], 'Evenements_web-4582f6': ['plan', 'extract', 'load'] },
      'airflow-kubernetes-interval.py': { errors: [], 'Evenements_web-4582f6': ['plan', 'extract', 'load'] },
    });
  });

  test('on Kubernetes, the requested pod has references but no secrets, and exit codes are told apart', async () => {
    const file = join(GOLDEN, 'airflow-kubernetes.py');
    expect(await airflow.python(POD, file)).toMatchObject({
      env: { SHOP_URL: { secretKeyRef: { name: 'orders', key: 'SHOP_URL' } } },
      args: ['run', 'pipeline.yaml', '--step', 'load'],
      exits: {
        '1': 'AirflowException',
        '65': 'AirflowFailException',
        '75': 'AirflowException',
        '77': 'AirflowFailException',
        '78': 'AirflowFailException',
        '99': 'AirflowSkipException',
        '137': 'AirflowException',
      },
    });
  });

  test('one task for each partition and stream; the next run of the same DAG loads an added table', async () => {
    await deploy('shop');
    const first = await dagTest('shop', '2026-01-10');
    expect(attemptsOf(first.output), first.output).toEqual(['plan 0', 'extract 0', 'extract 0', 'extract 0', 'load 0']);
    expect(await rowsOf('shop.orders')).toEqual([{ count: 1000, ids: 1000 }]);
    expect(await rowsOf('shop.customers')).toEqual([{ count: 200, ids: 200 }]);

    await query(shop.url, 'CREATE TABLE items (id int PRIMARY KEY); INSERT INTO items SELECT generate_series(1, 7)');
    const second = await dagTest('shop', '2026-01-11');
    await query(shop.url, 'DROP TABLE items');
    expect(attemptsOf(second.output).filter((attempt) => attempt.startsWith('extract'))).toHaveLength(4);
    expect(await rowsOf('shop.items')).toEqual([{ count: 7, ids: 7 }]);
    expect(second.code).toBe(0);
  });

  test('75 is retried, and the data is correct', async () => {
    await deploy('again');
    const mark = join(folder, 'unreachable-once');
    await writeFile(mark, '');
    // The first extract cannot reach the server.
    await once(
      'again',
      `[ -n "$ARIES_PARTITION" ] && rm ${mark} 2>/dev/null && export SHOP_URL=postgres://127.0.0.1:1/shop`,
    );
    const { code, output } = await dagTest('again', '2026-01-10');
    expect(attemptsOf(output).sort(), output).toEqual([
      'extract 0',
      'extract 0',
      'extract 0',
      'extract 75',
      'load 0',
      'plan 0',
    ]);
    expect(code).toBe(0);
    expect(await rowsOf('again.orders')).toEqual([{ count: 1000, ids: 1000 }]);
  });

  test('78 is not retried', async () => {
    // No schema of this name exists.
    await deploy('wrong');
    const { code, output } = await dagTest('wrong', '2026-01-10');
    expect(attemptsOf(output), output).toEqual(['plan 0', 'extract 0', 'extract 0', 'extract 0', 'load 78']);
    expect(code).toBe(1);
  });

  test('a backfill of three intervals loads each once, even if one is run twice', async () => {
    const streams = ', streams: [{ name: orders, cursor: at }]';
    await deploy('days', { streams, extra: 'interval: true', flags: ['--start', '2026-01-01'] });
    for (const date of ['2026-01-04', '2026-01-02', '2026-01-03', '2026-01-04']) {
      const { code, output } = await dagTest('days', date);
      expect(code, output).toBe(0);
    }
    expect(
      await query(
        warehouse.url,
        'SELECT day::text, count(*)::int, count(DISTINCT id)::int AS ids FROM days.orders GROUP BY 1 ORDER BY 1',
      ),
    ).toEqual([
      { day: '2026-01-01', count: 200, ids: 200 },
      { day: '2026-01-02', count: 200, ids: 200 },
      { day: '2026-01-03', count: 200, ids: 200 },
    ]);
  });

  /** Runs a shell command before each task of a DAG. */
  async function once(name: string, line: string): Promise<void> {
    const file = join(airflow.dags, `${name}.py`);
    const dag = await readFile(file, 'utf8');
    await writeFile(file, dag.replaceAll('bash_command="exec', `bash_command="${line.replaceAll('"', '\\"')}; exec`));
  }
});

// Lets Airflow itself parse a file.
const READ_DAGS = `
import json, os, sys
try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:
    from airflow.models.dagbag import DagBag
found = {}
for file in sys.argv[1:]:
    bag = DagBag(file)
    tasks = {name: [task.task_id for task in dag.topological_sort()] for name, dag in bag.dags.items()}
    found[os.path.basename(file)] = {"errors": list(bag.import_errors.values()), **tasks}
print(json.dumps(found))
`;

// There is no cluster here: the operator builds the pod, and is told how one ended.
const POD = `
import importlib.util, json, sys
from kubernetes.client import ApiClient, models as k8s
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
spec = importlib.util.spec_from_file_location("dag", sys.argv[1])
dag = importlib.util.module_from_spec(spec)
spec.loader.exec_module(dag)
task = dag.load
task.__dict__["hook"] = type("Hook", (), {"is_in_cluster": False, "get_namespace": lambda self: None})()
task.__dict__["client"] = None
pod = ApiClient().sanitize_for_serialization(task.build_pod_request_obj())
task.is_istio_enabled = lambda pod: False
task.process_pod_deletion = lambda *args, **kwargs: True
task.patch_already_checked = lambda *args, **kwargs: None
task._read_pod_container_states = lambda *args, **kwargs: None
task._read_pod_events = lambda *args, **kwargs: None
exits = {}
for code in (1, 65, 75, 77, 78, 99, 137):
    state = k8s.V1ContainerState(terminated=k8s.V1ContainerStateTerminated(exit_code=code))
    status = k8s.V1ContainerStatus(name="base", image="x", image_id="x", ready=False, restart_count=0, state=state)
    ended = k8s.V1Pod(metadata=k8s.V1ObjectMeta(name="x", annotations={}), spec=k8s.V1PodSpec(containers=[]),
                      status=k8s.V1PodStatus(phase="Failed", container_statuses=[status]))
    try:
        task.cleanup(ended, ended)
    except Exception as failure:
        exits[code] = type(failure).__name__
container = pod["spec"]["containers"][0]
env = {one["name"]: one.get("valueFrom", one.get("value")) for one in container["env"]}
print(json.dumps({"env": env, "args": container["args"], "exits": exits}))
`;
