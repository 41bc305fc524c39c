import { AriesError } from '@aries-data/sdk';
import { kubernetesName } from './names.ts';
import type { ScheduledPipeline } from './scheduled-pipeline.ts';
import { shellWord } from './shell-word.ts';

/**
 * Writes a line for a crontab. One process runs the whole pipeline. After exit code 75 it runs again with the same run id, so it
 * resumes. A run does not start while the previous one is still running. Throws `PIPELINE_INVALID` without a schedule.
 */
export function crontab(pipeline: ScheduledPipeline, directory: string): string {
  if (pipeline.schedule === undefined) {
    throw new AriesError('PIPELINE_INVALID', `${pipeline.name} has no schedule`, {
      hint: 'Set schedule in the pipeline file, such as "0 6 * * *".',
    });
  }
  const { name, file, schedule, retries, retryDelay, environment } = pipeline;
  const lock = `.aries/${kubernetesName(name, 60)}.lock`;
  const waits = Array.from({ length: retries }, (_, index) => retryDelay * 2 ** index);
  const command = [
    `cd ${shellWord(directory)} && mkdir -p .aries && exec 9>${lock} || exit 1`,
    'flock -n 9 || exit 0',
    'id=cron-$(date -u +%Y%m%dT%H%MZ)',
    `for wait in ${[...waits, 'end'].join(' ')}; do aries run ${shellWord(file)} --run-id "$id"`,
    'code=$?',
    '[ $code -eq 75 ] && [ $wait != end ] || exit $code',
    'sleep $wait',
    'done',
  ].join('; ');
  return [
    `# Pipeline ${JSON.stringify(name)}, made by aries schedule cron. The schedule is meant in UTC: cron goes by the clock of the machine.`,
    ...(environment.length === 0
      ? []
      : [`# It needs in its environment: ${environment.join(', ')}. Lines NAME=value above this one set them.`]),
    '# aries has to be on the PATH: set PATH above this line where it is not. What cron mails is the log.',
    // An unescaped % ends the command for cron.
    `${schedule} ${command.replaceAll('%', '\\%')}`,
    '',
  ].join('\n');
}
