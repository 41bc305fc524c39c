import { spawn } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { scheduleHere } from '../packages/cli/src/schedule/testing/schedule-here.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';
import { type FreshDatabase, freshDatabase } from './services/database.ts';

// Runs the containers of generated manifests as processes, in the scheduler's order.

interface Container {
  command?: string[];
  args: string[];
  env: { name: string; value?: string }[];
}

let database: FreshDatabase;
let folder: string;
beforeEach(async () => {
  database = await freshDatabase();
  folder = await temporaryFolder();
  for (const part of ['a', 'b', 'c']) {
    const lines = Array.from({ length: 10 }, (_, index) => JSON.stringify({ id: `${part}${index}` }));
    await writeFile(join(folder, `${part}.ndjson`), `${lines.join('\n')}\n`);
  }
  await writeFile(
    join(folder, 'p.yaml'),
    `name: orders
source: { use: file, config: { url: "./*.ndjson", stream: orders } }
transforms: [{ use: dedupe, config: { key: [id], keep: first } }]
destination: { use: postgres, config: { url: "\${env:WAREHOUSE_URL}" } }
staging: ./staging
schedule: "@daily"
`,
  );
  const main = join(import.meta.dirname, '../packages/cli/src/main.ts');
  await writeFile(join(folder, 'aries'), `#!/bin/sh\nexec ${process.execPath} ${main} "$@"\n`);
  await chmod(join(folder, 'aries'), 0o755);
});
afterEach(() => database[Symbol.asyncDispose]());

async function manifest(...argv: string[]): Promise<string> {
  const [target = '', ...rest] = argv;
  const { text, error } = await scheduleHere([target, join(folder, 'p.yaml'), '--file', 'p.yaml', ...rest]);
  expect(error).toBeUndefined();
  return text;
}

/** Runs a container; `filled` has the values that its scheduler would fill in. */
async function runContainer({ command, args, env }: Container, filled: Record<string, string>) {
  const fill = (text: string) => text.replaceAll(/\$\((\w+)\)|\{\{([\w.]+)\}\}/g, (_, a, b) => filled[a ?? b] ?? '?');
  const given = env.map(({ name, value }) => [name, value === undefined ? filled[name] : fill(value)]);
  return runShell([...(command ?? ['aries']), ...args.map(fill)], Object.fromEntries(given));
}

function runShell(
  [file = '', ...args]: string[],
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; stdout: string }> {
  const child = spawn(file, args, {
    cwd: folder,
    env: { ...process.env, PATH: `${folder}:${process.env.PATH}`, ...env },
  });
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout })));
}

async function loaded(): Promise<number | undefined> {
  const client = new pg.Client(database.url);
  await client.connect();
  const { rows } = await client
    .query("SELECT count(DISTINCT id)::int AS ids, count(*)::int AS rows FROM orders WHERE id ~ '^[abc]'")
    .catch(() => ({ rows: [] }));
  await client.end();
  expect(rows[0]?.ids).toBe(rows[0]?.rows);
  return rows[0]?.rows;
}

test('Kubernetes: the last pod of an Indexed Job loads what all have extracted', async () => {
  const { spec } = parse(await manifest('kubernetes', '--image', 'x', '--partitions', '2')).spec.jobTemplate;
  const { initContainers, containers } = spec.template.spec;
  for (const [index, rows] of [undefined, 30].entries()) {
    const filled = { ARIES_RUN_ID: 'orders-1', JOB_COMPLETION_INDEX: String(index), WAREHOUSE_URL: database.url };
    for (const container of [...initContainers, ...containers]) {
      const { code, stdout } = await runContainer(container, filled);
      expect(code, stdout).toBe(0);
    }
    expect(await loaded()).toBe(rows);
  }
});

test('Kubernetes: without partitions, one pod runs the pipeline', async () => {
  const { spec } = parse(await manifest('kubernetes', '--image', 'x')).spec.jobTemplate;
  const [container] = spec.template.spec.containers;
  expect(await runContainer(container, { ARIES_RUN_ID: 'orders-1', WAREHOUSE_URL: database.url })).toMatchObject({
    code: 0,
  });
  expect(await loaded()).toBe(30);
});

test('Argo: one task for each partition in the plan', async () => {
  const { templates } = parse(await manifest('argo', '--image', 'x', '--partitions', '3')).spec.workflowSpec;
  const containers = new Map<string, Container>(
    templates.map((one: { name: string; container: Container }) => [one.name, one.container]),
  );
  const filled = { 'workflow.name': 'orders-x7k2p', 'workflow.parameters.force': 'false', WAREHOUSE_URL: database.url };
  const step = async (name: string, more = {}) => {
    const { code, stdout } = await runContainer(containers.get(name)!, { ...filled, ...more });
    expect(code, stdout).toBe(0);
    return stdout;
  };
  const { partitions } = JSON.parse(await step('plan'));
  expect(partitions).toEqual(['orders.0', 'orders.1', 'orders.2']);
  for (const partition of partitions) await step('extract', { 'inputs.parameters.partition': partition });
  await step('dedupe');
  expect(await loaded()).toBeUndefined();
  await step('load');
  expect(await loaded()).toBe(30);
});

test('cron: the line loads, and running it again does no harm', async () => {
  const text = await manifest('cron', '--directory', folder);
  const [, command = ''] = /^@daily (.*)$/m.exec(text) ?? [];
  for (const _ of ['first', 'second']) {
    const { code, stdout } = await runShell(['/bin/sh', '-c', command.replaceAll('\\%', '%')], {
      WAREHOUSE_URL: database.url,
    });
    expect(code, stdout).toBe(0);
    expect(await loaded()).toBe(30);
  }
});
