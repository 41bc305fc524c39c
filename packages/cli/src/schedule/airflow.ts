import { AriesError } from '@aries-data/sdk';
import type { OperatorCode } from './airflow-operators.ts';
import { airflowName } from './names.ts';
import { PythonCode, python } from './python.ts';
import type { ScheduledPipeline } from './scheduled-pipeline.ts';

/**
 * Writes a DAG for Airflow 2 and 3 as Python: a plan, a mapped extract for each partition of the plan, then the other steps. Streams are
 * partitions too, so a stream that appears at the source is a task of the next run. `start` is the start of the first interval
 * (RFC 3339). Throws `USAGE`, `PIPELINE_INVALID`.
 */
export function airflowDag(pipeline: ScheduledPipeline, operator: OperatorCode, start: string | undefined): string {
  checkInterval(pipeline, start);
  const { interval, tasks } = pipeline;
  const run = {
    ARIES_RUN_ID: '{{ run_id }}',
    // Airflow does not tell a cleared task from a retry: to run it again from scratch, users set this parameter.
    ARIES_FORCE: '{{ params.force | lower }}',
    ...(interval
      ? {
          ARIES_INTERVAL_START: '{{ data_interval_start.isoformat() }}',
          ARIES_INTERVAL_END: '{{ data_interval_end.isoformat() }}',
        }
      : {}),
  };
  return `${docstring(`Pipeline ${pipeline.name}: ${tasks.map(({ name }) => name).join(', ')}.`)}

${['json', ...operator.standard].map((module) => `import ${module}\n`).join('')}from datetime import datetime, timedelta

${operator.imports}${interval ? 'from airflow.timetables.interval import CronDataIntervalTimetable\n' : ''}
try:
    from airflow.sdk import DAG, Param
except ImportError:  # Airflow 2
    from airflow.models.dag import DAG
    from airflow.models.param import Param
try:
    from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
except ImportError:
    from airflow.exceptions import AirflowException, AirflowFailException, AirflowSkipException

${operator.constants.join('\n')}
# What tells one run from another comes by the environment.
RUN = ${python(run)}


${operator.definition}


with DAG(
${keywords(dagSettings(pipeline, start), '    ')}):
${taskLines(pipeline, operator)}`;
}

function dagSettings({ name, schedule, interval, retries, retryDelay }: ScheduledPipeline, start: string | undefined) {
  // fromisoformat of Python 3.10 does not accept Z.
  const begin = (start ?? '2020-01-01T00:00:00Z').replace(/Z$/, '+00:00');
  return {
    dag_id: airflowName(name),
    // Airflow 3 makes no intervals of a plain expression.
    schedule: interval ? new PythonCode(`CronDataIntervalTimetable(${python(schedule)}, timezone="UTC")`) : schedule,
    start_date: new PythonCode(`datetime.fromisoformat(${python(begin)})`),
    catchup: interval,
    // Incremental runs must not overlap; intervals may run in any order.
    ...(interval ? {} : { max_active_runs: 1 }),
    default_args: {
      retries,
      retry_delay: new PythonCode(`timedelta(seconds=${retryDelay})`),
      retry_exponential_backoff: true,
      max_retry_delay: new PythonCode('timedelta(hours=1)'),
    },
    params: { force: new PythonCode('Param(False, type="boolean")') },
    tags: ['aries'],
  };
}

function taskLines({ tasks }: ScheduledPipeline, operator: OperatorCode): string {
  const variables = tasks.map(({ name, kind }, index) =>
    kind === 'step' && name !== 'load' ? `transform_${index - 1}` : name,
  );
  const lines = tasks.map((task, index) => {
    const isExtract = task.kind === 'extract';
    const settings = {
      task_id: airflowName(task.name),
      ...operator.argumentsOf(task),
      [operator.environment]: new PythonCode('RUN'),
    };
    const call = `${isExtract ? 'Aries.partial' : 'Aries'}(\n${keywords(settings, '        ')}    )`;
    return `    ${variables[index]} = ${call}${isExtract ? '.expand(partition=plan.output)' : ''}\n`;
  });
  return `${lines.join('')}    ${variables.join(' >> ')}\n`;
}

function keywords(values: Record<string, unknown>, indent: string): string {
  return Object.entries(values)
    .map(([key, value]) => `${indent}${key}=${python(value, indent)},\n`)
    .join('');
}

function docstring(summary: string): string {
  const text = `${summary}\n\nMade by aries schedule airflow, for Airflow 2 and 3: change the pipeline and make it anew.\n`;
  return `"""${text.replaceAll(/["\\]/g, '\\$&')}"""`;
}

function checkInterval({ name, interval, schedule }: ScheduledPipeline, start: string | undefined): void {
  if (!interval) return;
  if (schedule === undefined) {
    throw new AriesError('PIPELINE_INVALID', `${name} has an interval but no schedule`, {
      hint: 'Set schedule in the pipeline file, such as "@daily": intervals start and end at its times.',
    });
  }
  if (start === undefined) {
    throw new AriesError('USAGE', '--start is missing: Airflow runs one interval after the other from that time', {
      hint: 'Give the time at which the first interval begins, such as --start 2026-01-01.',
    });
  }
}
