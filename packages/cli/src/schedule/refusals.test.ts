import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../../test/folders/temporary-folder.ts';
import { scheduleHere } from './testing/schedule-here.ts';

/** Schedules a pipeline with these lines in addition to its name, source and destination. */
async function schedule(lines: string, ...argv: string[]) {
  const file = join(await temporaryFolder(), 'p.yaml');
  await writeFile(file, `name: orders\nsource: { use: file }\ndestination: { use: duckdb }\n${lines}`);
  const [target = '', ...rest] = argv;
  const { text, warnings, error } = await scheduleHere([target, file, ...rest]);
  const message = error?.message.replaceAll(file, 'p.yaml');
  return { printed: text !== '', warnings: warnings.map((line) => line.replaceAll(file, 'p.yaml')), ...error, message };
}

test.each([
  ['', ['cron'], 'orders has no schedule'],
  ['schedule: hourly', ['cron'], 'p.yaml: schedule: "hourly" has 1 fields, not five'],
  ['schedule: "@daily"\ninterval: true', ['cron'], 'p.yaml: interval: cron gives its runs no interval'],
  ['schedule: "@daily"', ['kubernetes'], 'kubernetes needs --image'],
  ['schedule: "@daily"', ['airflow', '--operator', 'docker', '--file', 'x'], /staging is missing|needs --image/],
  [
    'schedule: "@daily"',
    ['argo', '--image', 'x'],
    'p.yaml: staging is missing: the tasks run in containers that share no disk',
  ],
  [
    'staging: s3://b\nschedule: "@daily"\ninterval: true',
    ['kubernetes', '--image', 'x'],
    'p.yaml: interval: Kubernetes gives its runs no interval',
  ],
  [
    'staging: s3://b\nschedule: "@daily"\ninterval: true',
    ['argo', '--image', 'x'],
    'p.yaml: interval: a CronWorkflow of Argo gives its runs no interval',
  ],
  ['interval: true', ['airflow', '--start', '2026-01-01'], 'orders has an interval but no schedule'],
  [
    'schedule: "@daily"\ninterval: true',
    ['airflow'],
    '--start is missing: Airflow runs one interval after the other from that time',
  ],
  ['interval: yes please', ['airflow'], /p\.yaml:4: interval: /],
  ['schedule: "@daily"', ['airflow', '--partitions', '0'], /--partitions/],
])('%s %j', async (lines, argv, message) => {
  const result = await schedule(lines, ...argv);
  expect(result).toMatchObject({ printed: false, code: expect.stringMatching(/^(?:USAGE|PIPELINE_INVALID)$/) });
  expect(result.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  expect(result.hint).toMatch(/\S/);
});

describe('names that a scheduler would change', () => {
  const targets = [['cron'], ['airflow'], ['kubernetes', '--image', 'x'], ['argo', '--image', 'x']];
  const own = 'staging: s3://b\nschedule: "@daily"\n';

  test.each([
    [
      'a variable with a line break',
      'env: { x: "${env:BAD\\n* * * * * touch pwned #}" }',
      'cannot be the name of an environment variable',
    ],
    ['a connection', 'env: { x: "${airflow:a-b}" }', 'cannot be the id of a connection'],
    ['Jinja', 'step: "{{ conn.db.password }}"', 'holds "{{", which a scheduler would replace'],
    ['Jinja statements', 'step: "{% raw %}"', 'holds "{%", which a scheduler would replace'],
    ['a variable of Kubernetes', 'step: "$(SECRET)"', 'holds "$(", which a scheduler would replace'],
    ['a line break in a step', 'step: "a\\nb"', 'holds a control character'],
  ])('%s', async (_, what, reason) => {
    const [, value = ''] = /: (.*)$/.exec(what)!;
    const lines = what.startsWith('env')
      ? `${own}transforms: [{ use: filter, config: ${value} }]`
      : `${own}transforms: [{ use: dedupe, name: ${value} }]`;
    for (const argv of targets) {
      const result = await schedule(lines, ...argv);
      expect(result).toMatchObject({
        printed: false,
        code: 'PIPELINE_INVALID',
        message: expect.stringContaining(reason),
      });
    }
  });

  test('a file and a directory', async () => {
    const result = await schedule('schedule: "@daily"', 'cron', '--file', 'a\n* * * * * b');
    expect(result).toMatchObject({ printed: false, code: 'PIPELINE_INVALID' });
    const directory = await schedule('schedule: "@daily"', 'airflow', '--directory', '/srv/{{ x }}');
    expect(directory).toMatchObject({ printed: false, code: 'PIPELINE_INVALID' });
  });
});

test('a folder as staging draws a warning if tasks share no disk', async () => {
  const folder = await schedule('staging: file:///mnt/lake\nschedule: "@daily"', 'argo', '--image', 'x');
  expect(folder).toMatchObject({
    printed: true,
    warnings: ['p.yaml: staging is the folder file:///mnt/lake: all containers must share it'],
  });
  const bucket = await schedule('staging: s3://lake\nschedule: "@daily"', 'argo', '--image', 'x');
  expect(bucket).toMatchObject({ printed: true, warnings: [] });
  const reference = await schedule('staging: "${env:STAGING}"\nschedule: "@daily"', 'argo', '--image', 'x');
  expect(reference).toMatchObject({ printed: true, warnings: [] });
});

test('a file that the pipeline refers to by a relative path cannot be mounted', async () => {
  const lines = 'staging: s3://lake/${file:secrets/bucket}\nschedule: "@daily"';
  expect(await schedule(lines, 'kubernetes', '--image', 'x')).toMatchObject({
    warnings: ['The pipeline refers to the file secrets/bucket: it must be in the image'],
  });
});
