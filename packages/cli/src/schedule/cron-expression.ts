import { AriesError } from '@aries-data/sdk';
import { Cron } from 'croner';

const NICKNAME = /^@(?:hourly|daily|midnight|weekly|monthly|yearly|annually)$/;

/**
 * Returns a cron expression that all schedulers read in the same way: five fields, or a name such as `@daily`, without what only some
 * of them support: seconds, `L`, `W`, `#`, and 7 for Sunday. Throws `PIPELINE_INVALID`.
 */
export function checkedCron(expression: string, file: string): string {
  const text = expression.trim().replaceAll(/\s+/g, ' ');
  const problem = problemOf(text);
  if (problem === undefined) return text;
  throw new AriesError('PIPELINE_INVALID', `${file}: schedule: "${expression}" ${problem}`, {
    hint: 'Write five fields (minute, hour, day of the month, month, day of the week), such as "0 6 * * 1-5", or @hourly, @daily, @weekly, @monthly.',
  });
}

function problemOf(text: string): string | undefined {
  if (NICKNAME.test(text)) return undefined;
  const fields = text.split(' ');
  if (fields.length !== 5) return `has ${fields.length} fields, not five`;
  const strange = fields.find((field) => !/^[\dA-Za-z*,/-]+$/.test(field) || /^(?:.*,)?[LW]\b|\dW|\dL/i.test(field));
  if (strange !== undefined) return `has "${strange}", which not every scheduler supports`;
  if (/(?:^|[,-])7(?:$|[,/-])/.test(fields[4]!)) return 'has 7 for Sunday, which not every scheduler supports: write 0';
  try {
    const next = new Cron(text, { paused: true, mode: '5-part', timezone: 'UTC' }).nextRun();
    return next === null ? 'never matches a date' : undefined;
  } catch (error) {
    return `is not a cron expression: ${(error as Error).message.replace(/^CronPattern: /, '')}`;
  }
}
