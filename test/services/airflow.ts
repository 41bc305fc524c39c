import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tail } from './daemon.ts';

const run = promisify(execFile);
const LOG_BYTES = 64 << 20;
const ARIES = join(import.meta.dirname, '../../packages/cli/src/main.ts');

/** A separate Airflow from PyPI with a folder for DAGs, all in a temporary folder. */
export interface Airflow extends AsyncDisposable {
  version: string;
  dags: string;
  /** Runs `airflow …`; `aries` is on its PATH. */
  airflow(args: string[], env?: Record<string, string>): Promise<{ code: number; output: string }>;
  /** Runs a program with Airflow's Python and parses the JSON that it prints. */
  python(program: string, ...args: string[]): Promise<unknown>;
}

/** The result of `startAirflow`: an Airflow, or the reason why this machine cannot have one. */
export type AirflowOrNot = { state: 'ready'; airflow: Airflow } | { state: 'missing'; reason: string };

/** Installs a version of Airflow such as `2.11.*` with extra packages and creates its database, in half a minute. */
export async function startAirflow(version: string, packages: string[] = []): Promise<AirflowOrNot> {
  const folder = await mkdtemp(join(tmpdir(), 'aries-airflow-'));
  const bin = join(folder, 'venv/bin');
  try {
    await install(folder, [`apache-airflow==${version}`, ...packages]);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    const { message, stderr = '' } = error as Error & { stderr?: string };
    const reason = `Airflow ${version} could not be installed: ${tail(stderr || message, 4)}`;
    console.warn(`${reason}\nIts tests are skipped.`);
    return { state: 'missing', reason };
  }
  const tools = join(folder, 'bin');
  const dags = join(folder, 'dags');
  for (const path of [tools, dags]) await mkdir(path);
  await writeFile(join(tools, 'aries'), `#!/bin/sh\nexec ${process.execPath} ${ARIES} "$@"\n`);
  await chmod(join(tools, 'aries'), 0o755);
  const env = {
    ...Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(?:AIRFLOW|ARIES_|NODE_OPTIONS|VITEST)/.test(name)),
    ),
    PATH: `${tools}:${bin}:${process.env.PATH}`,
    AIRFLOW_HOME: join(folder, 'home'),
    AIRFLOW__CORE__DAGS_FOLDER: dags,
    AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
    PYTHONWARNINGS: 'ignore',
  };
  const airflow: Airflow['airflow'] = async (args, more) => {
    try {
      const { stdout, stderr } = await run(join(bin, 'airflow'), args, {
        env: { ...env, ...more },
        maxBuffer: LOG_BYTES,
      });
      return { code: 0, output: stdout + stderr };
    } catch (error) {
      const { code, stdout = '', stderr = '' } = error as { code: number; stdout?: string; stderr?: string };
      return { code, output: stdout + stderr };
    }
  };
  const migrated = await airflow(['db', 'migrate']);
  if (migrated.code !== 0) throw new Error(`airflow db migrate failed\n${tail(migrated.output)}`);
  return {
    state: 'ready',
    airflow: {
      version,
      dags,
      airflow,
      async python(program, ...args) {
        const { stdout } = await run(join(bin, 'python'), ['-c', program, ...args], { env, maxBuffer: LOG_BYTES });
        return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
      },
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
    },
  };
}

/** uv resolves and installs Airflow's hundred packages in seconds, pip in minutes; pip brings uv. */
async function install(folder: string, packages: string[]): Promise<void> {
  const [venv, uv] = [join(folder, 'venv'), join(folder, 'uv')];
  const options = {
    timeout: 300_000,
    maxBuffer: LOG_BYTES,
    env: { ...process.env, UV_CACHE_DIR: join(folder, 'cache') },
  };
  await run('python3', ['-m', 'venv', uv], options);
  await run(join(uv, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', 'uv'], options);
  await run(
    join(uv, 'bin/uv'),
    ['venv', '--quiet', '--no-python-downloads', '--python', join(uv, 'bin/python'), venv],
    options,
  );
  await run(
    join(uv, 'bin/uv'),
    ['pip', 'install', '--quiet', '--python', join(venv, 'bin/python'), ...packages],
    options,
  );
  await rm(join(folder, 'cache'), { recursive: true, force: true });
}
