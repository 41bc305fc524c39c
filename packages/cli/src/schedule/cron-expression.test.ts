import { expect, test } from 'vitest';
import { checkedCron } from './cron-expression.ts';

test.each(['0 6 * * 1-5', '*/15 0-6,22 1 jan,JUL *', '@daily', '  0   6 * * mon '])('%s', (expression) => {
  expect(checkedCron(expression, 'p.yaml')).toBe(expression.trim().replaceAll(/\s+/g, ' '));
});

test.each([
  ['0 25 * * *', 'p.yaml: schedule: "0 25 * * *" is not a cron expression: Invalid value for hour: 25'],
  ['0 6 * *', 'p.yaml: schedule: "0 6 * *" has 4 fields, not five'],
  ['0 0 6 * * *', 'p.yaml: schedule: "0 0 6 * * *" has 6 fields, not five'],
  ['0 6 L * *', 'p.yaml: schedule: "0 6 L * *" has "L", which not every scheduler supports'],
  ['0 6 * * 1#2', 'p.yaml: schedule: "0 6 * * 1#2" has "1#2", which not every scheduler supports'],
  ['0 6 * * 7', 'p.yaml: schedule: "0 6 * * 7" has 7 for Sunday, which not every scheduler supports: write 0'],
  ['0 0 31 2 *', 'p.yaml: schedule: "0 0 31 2 *" never matches a date'],
  ['@reboot', 'p.yaml: schedule: "@reboot" has 1 fields, not five'],
])('%s is refused', (expression, message) => {
  expect(() => checkedCron(expression, 'p.yaml')).toThrow(
    expect.objectContaining({ code: 'PIPELINE_INVALID', message }),
  );
});
