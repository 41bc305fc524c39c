import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../test/folders/temporary-folder.ts';
import { fixture, type RunOptions, runAries } from './testing/run-aries.ts';

const folder = () => temporaryFolder();

async function extract(behaviour: string, options: RunOptions) {
  const config = JSON.stringify({ count: 1, do: behaviour });
  return runAries(
    ['extract', fixture('numbers'), '--config', config, '--staging', join(await folder(), 'st')],
    options,
  );
}

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
  ['SIGHUP', 129],
] as const)(
  '%s is heard while a connector keeps the process busy, and the result is the last line',
  async (signal, exitCode) => {
    let sent = false;
    const { code, stdout, result } = await extract('busy', {
      merged: true,
      onOutput(text, kill) {
        if (!sent && text.includes('busy now')) kill(signal);
        sent ||= text.includes('busy now');
      },
    });
    expect(code).toBe(exitCode);
    expect(result).toMatchObject({
      ok: false,
      exitCode,
      error: { code: 'INTERRUPTED', message: `Stopped by ${signal}` },
    });
    expect(stdout.endsWith('}\n')).toBe(true);
  },
);

test('a full heap ends with 78 and a hint, before V8 aborts the process', async () => {
  const { code, result } = await extract('hoard', { env: { NODE_OPTIONS: '--max-old-space-size=128' } });
  expect(result).toMatchObject({ ok: false, exitCode: 78, error: { code: 'OUT_OF_MEMORY', kind: 'config' } });
  expect(result.error.hint).toMatch(/--max-old-space-size/);
  expect(code).toBe(78);
});

test('a result that cannot be written ends with 75 and a message on stderr', async () => {
  const args = ['extract', fixture('numbers'), '--config', '{"count":1}', '--name', 'n', '--run-id', 'r'];
  const staging = join(await folder(), 'st');
  const { code, stderr } = await runAries([...args, '--staging', staging], {
    within: ['sh', '-c', 'exec "$0" "$@" > /dev/full'],
  });
  expect(code).toBe(75);
  expect(JSON.parse(stderr.trimEnd().split('\n').at(-1)!)).toMatchObject({
    ok: false,
    exitCode: 75,
    error: { code: 'RESULT_UNWRITTEN', message: expect.stringContaining('ENOSPC') },
  });
  const again = await runAries([...args, '--staging', staging]);
  expect(again).toMatchObject({ code: 0, result: { ok: true, streams: { numbers: { records: 1 } } } });
});

test('a question on a terminal shows what is typed, names a wrong answer, and ends at ^C', async () => {
  const cwd = await folder();
  const answers = ['nonsense\n', '\u0003'];
  const { stdout } = await runAries([], {
    cwd,
    terminal: 'new connector foo',
    onOutput(text, _, type) {
      if (text.includes('[1] ')) type(answers.shift() ?? '');
    },
  });
  const shown = stripVTControlCharacters(stdout).replaceAll('\r', '');
  expect(shown).toContain('What should it start as?\n  1 api');
  expect(shown).toContain('[1] nonsense\nThere is no "nonsense". Type a number from 1 to 5, or a name.\n[1] ');
  expect(shown).toContain('Stopped by SIGINT');
  expect(shown).not.toContain('run-id');
});
