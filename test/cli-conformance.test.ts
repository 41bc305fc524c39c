import { expect, test } from 'vitest';
import { fixture, runAries } from '../packages/cli/src/testing/run-aries.ts';
import { runHere } from '../packages/cli/src/testing/run-here.ts';

test('a broken rule ends with 65, and the result line lists the outcome of each rule', async () => {
  const { code, stdout, result } = await runAries(['test', fixture('undescribed/index')]);
  expect(code).toBe(65);
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  expect(result.error).toMatchInlineSnapshot(`
    {
      "code": "CONFORMANCE_FAILED",
      "connector": "index",
      "hint": "Each rule says what it is for; docs/guides/testing.md lists them.",
      "kind": "data",
      "message": "index breaks 1 of 6 rules that apply: source/spec",
    }
  `);
  expect(result.rules.map(({ title, ...rule }: { title: string }) => rule)).toMatchInlineSnapshot(`
    [
      {
        "ok": false,
        "reason": "the option "count" has no description; add .describe('…')",
        "rule": "source/spec",
      },
      {
        "ok": true,
        "rule": "source/config-errors",
      },
      {
        "ok": true,
        "rule": "source/check",
      },
      {
        "ok": true,
        "rule": "source/discover-stable",
      },
      {
        "ok": true,
        "rule": "source/schema",
      },
      {
        "ok": true,
        "rule": "source/primary-key",
        "skipped": "no stream has a primary key",
      },
      {
        "ok": true,
        "rule": "source/cursor",
        "skipped": "no stream has a cursor",
      },
      {
        "ok": true,
        "rule": "source/incremental",
        "skipped": "no stream has a cursor",
      },
      {
        "ok": true,
        "rule": "source/restart",
        "skipped": "no stream yields a checkpoint",
      },
      {
        "ok": true,
        "rule": "source/cancel",
      },
      {
        "ok": true,
        "rule": "source/deleted-keys",
        "skipped": "no stream says which records are gone",
      },
      {
        "ok": true,
        "rule": "source/changes",
        "skipped": "no stream says which records are gone",
      },
      {
        "ok": true,
        "rule": "source/positions",
        "skipped": "no stream has a position as its state",
      },
      {
        "ok": true,
        "rule": "source/letting-go",
        "skipped": "no stream has a position as its state",
      },
      {
        "ok": true,
        "rule": "source/secrets",
        "skipped": "its config has no secrets",
      },
      {
        "ok": true,
        "rule": "source/rate-limit",
        "skipped": "it sends no requests by fetch, as the http of its context does",
      },
      {
        "ok": true,
        "rule": "source/retry",
        "skipped": "it sends no requests by fetch, as the http of its context does",
      },
      {
        "ok": true,
        "rule": "source/refused",
        "skipped": "it sends no requests by fetch, as the http of its context does",
      },
      {
        "ok": true,
        "rule": "source/memory",
        "skipped": "the suite declares no large stream",
      },
    ]
  `);
});

test('a terminal shows a table', async () => {
  const { stdout } = await runAries([], { terminal: `test ${fixture('undescribed/index')}` });
  expect(stdout).toMatch(/RULE +RESULT +REASON/);
  expect(stdout).toMatch(/source\/spec +BROKEN +the option "count" has no description/);
  expect(stdout).toMatch(/source\/primary-key +skipped +no stream has a primary key/);
});

test('the error for a missing conformance.ts says where to put it', async () => {
  const { code, result } = await runHere(['test', 'select', '--conformance', '/nowhere/conformance.ts']);
  expect({ code, ...result.error }).toMatchObject({
    code: 'NOT_FOUND',
    message: 'There is no /nowhere/conformance.ts',
  });
});

test('one of several transforms in a package is tested by its name', async () => {
  const { code, result } = await runHere(['test', 'select']);
  expect({ code, connector: result.connector }).toEqual({ code: 0, connector: 'select' });
});
