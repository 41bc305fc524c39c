import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { CronWorkflow, Workflow } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1';
import fc from 'fast-check';
import { CronJob, Job } from 'kubernetes-models/batch/v1';
import { Pod } from 'kubernetes-models/v1';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { python as pythonOf } from './python.ts';
import { scheduleHere } from './testing/schedule-here.ts';

const folder = join(import.meta.dirname, 'golden');
const state = join(folder, 'state.yaml');
const interval = join(folder, 'interval.yaml');
const byHand = join(folder, 'by-hand.yaml');
const image = ['--image', 'registry/orders:1', '--file', 'pipeline.yaml'];

/** Each generated file, and the arguments that make it. */
const GOLDEN: Record<string, string[]> = {
  'airflow-bash.py': ['airflow', state, '--file', 'orders/pipeline.yaml', '--directory', '/srv/pipelines'],
  'airflow-bash-interval.py': [
    'airflow',
    interval,
    '--file',
    "it's.yaml",
    '--directory',
    '/srv/x',
    '--start',
    '2026-01-01',
  ],
  'airflow-docker.py': ['airflow', state, '--operator', 'docker', ...image, '--env', 'AWS_REGION', '--network', 'host'],
  'airflow-docker-interval.py': [
    'airflow',
    interval,
    '--operator',
    'docker',
    ...image,
    '--start',
    '2026-01-01',
    '--partitions',
    '4',
  ],
  'airflow-kubernetes.py': [
    'airflow',
    state,
    '--operator',
    'kubernetes',
    ...image,
    '--namespace',
    'etl',
    '--retries',
    '5',
  ],
  'airflow-kubernetes-interval.py': [
    'airflow',
    interval,
    '--operator',
    'kubernetes',
    ...image,
    '--start',
    '2026-01-01',
    '--partitions',
    '4',
  ],
  'kubernetes.yaml': ['kubernetes', state, ...image],
  'kubernetes-partitions.yaml': [
    'kubernetes',
    state,
    ...image,
    '--partitions',
    '8',
    '--env',
    'AWS_REGION',
    '--memory',
    '1Gi',
    '--cpu',
    '2',
    '--namespace',
    'etl',
    '--secret',
    'orders-secrets',
  ],
  'argo.yaml': ['argo', state, ...image],
  'argo-partitions.yaml': ['argo', state, ...image, '--partitions', '3', '--namespace', 'etl'],
  'argo-by-hand.yaml': ['argo', byHand, ...image],
  crontab: ['cron', state, '--file', 'orders/pipeline.yaml', '--directory', '/srv/my pipelines', '--retries', '2'],
};
const VALIDATED: Record<string, new (data: never) => { validate(): void }> = { CronJob, Job, CronWorkflow, Workflow };
const made: Record<string, string> = {};

describe.each(Object.entries(GOLDEN))('%s', (name, argv) => {
  test('is what it was', async () => {
    const { text, error } = await scheduleHere(argv);
    expect(error).toBeUndefined();
    made[name] = text;
    await expect(text).toMatchFileSnapshot(join(folder, name));
  });
});

test('there is no golden file that nothing makes', () => {
  const files = globSync('*', { cwd: folder }).filter((file) => !/^(?:state|interval|by-hand)\.yaml$/.test(file));
  expect(files.sort()).toEqual(Object.keys(GOLDEN).sort());
});

describe('the published schemas accept', () => {
  test.each(Object.keys(GOLDEN).filter((name) => name.endsWith('.yaml')))('%s', (name) => {
    const manifest = parse(made[name]!);
    new VALIDATED[manifest.kind]!(manifest as never).validate();
    // A schema that accepts everything would say nothing.
    const spec = manifest.spec.jobTemplate?.spec ?? manifest.spec.workflowSpec ?? manifest.spec;
    const container = (spec.template?.spec.containers ?? [spec.templates?.at(-1).container])[0];
    container.env[0].name = 7;
    expect(() => new VALIDATED[manifest.kind]!(manifest as never).validate()).toThrow(/env/);
  });
});

// Python's own parser says whether it is Python; what Airflow says of it is an integration test.
const PARSE = `
import ast, json, sys
found = {}
for name, text in json.load(sys.stdin).items():
    tree = ast.parse(text, name)
    assigned = {s.targets[0].id: s.value for s in tree.body if isinstance(s, ast.Assign)}
    found[name] = ast.literal_eval(assigned["POD"]) if "POD" in assigned else None
print(json.dumps(found))
`;

describe('Python', () => {
  test('parses what is made for Airflow, and the schema of Kubernetes accepts the pods in it', ({ skip }) => {
    const python = Object.fromEntries(Object.entries(made).filter(([name]) => name.endsWith('.py')));
    expect(Object.keys(python)).not.toEqual([]);
    const pods = runPython(PARSE, python, skip) as Record<string, object | null>;
    const found = Object.values(pods).filter((pod) => pod !== null);
    expect(found).toHaveLength(2);
    for (const pod of found) new Pod(pod as never).validate();
  });

  test('reads values as they were', ({ skip }) => {
    const values = fc.sample(fc.jsonValue(), 300);
    const read = 'import ast, json, sys\nprint(json.dumps([ast.literal_eval(text) for text in json.load(sys.stdin)]))';
    const texts = values.map((value) => pythonOf(value));
    expect(runPython(read, texts, skip)).toEqual(JSON.parse(JSON.stringify(values)));
  });
});

test('nothing that is made holds a config, or a reference that stands for a secret', () => {
  for (const [name, text] of Object.entries(made)) expect(text, name).not.toMatch(/--config|\$\{(?:env|file|airflow):/);
});

function runPython(program: string, input: unknown, skip: (reason: string) => void): unknown {
  try {
    return JSON.parse(execFileSync('python3', ['-c', program], { input: JSON.stringify(input), encoding: 'utf8' }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') skip('this machine has no python3');
    throw error;
  }
}
