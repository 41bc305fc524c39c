import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';
import { expect, test } from 'vitest';
import { htmlTitle } from '../packages/engine/src/http/html-title.ts';
import { createRedactor } from '../packages/engine/src/redact/redact.ts';
import { withoutTrailing } from '../packages/sdk/src/without-trailing.ts';

// Otherwise it looks for a faster version of itself, which is not installed.
process.env.RECHECK_BACKEND = 'pure';
const { checkSync } = await import('recheck');

const root = resolve(import.meta.dirname, '..');

/**
 * Expressions that take more than linear time, each with the reason why its input is short. All others may get any input from a
 * server, a file or a user.
 */
const SHORT_INPUT: Record<string, string> = {
  '[\\r\\n]+$': 'the first characters of a row that is rejected',
  '\\[Content_Types\\]\\.xml.*xl\\/|xl\\/.*\\[Content_Types\\]\\.xml': 'the first 4,096 bytes of a file',
  '\\.[^/]*$': 'the name of a target as a file',
  '(?: with(?:out)? time zone)?(?:\\[\\])*$': 'a type as the catalog of PostgreSQL prints it',
  ', line (\\d+)(?:, column (.+?))?(?:: "([\\s\\S]*)")?$': 'PostgreSQL cuts the value in its context to 100 characters',
  '(?:\\(|at )(?:async )?(?:file:\\/\\/)?(\\/.*:\\d+):\\d+\\)?$':
    'a line of the stack of a connector that could not be loaded',
  '^\\s+at (?:.*\\()?(?:async )?((?:file:\\/\\/)?(?:\\/|[A-Za-z]:[\\\\/]).*?):(\\d+):\\d+\\)?$':
    'the first 1,000 characters of a line of a stack',
  '^([a-z][a-z0-9+._-]*):\\/\\/(?:([a-z][a-z0-9+.-]*):\\/\\/)?(?:([^/?#]*)@)?(\\[[^\\]/?#]*\\]|[^/?#:]*)(?::(\\d*))?(?:\\/([^?#]*))?(?:\\?([^#]*))?(?:#.*)?$':
    'an environment variable of the user',
};

interface Expression {
  pattern: string;
  flags: string;
  place: string;
}

function expressions(): Expression[] {
  const files = globSync('{packages,connectors,templates}/*/src/**/*.ts', { cwd: root }).filter(
    (file) => !/\.test(-d)?\.ts$|\/testing\/|node_modules/.test(file),
  );
  const found = new Map<string, Expression>();
  for (const file of files.sort()) {
    const text = readFileSync(join(root, file), 'utf8');
    const visitor = new Visitor({
      Literal(node) {
        if (!('regex' in node) || node.regex === null) return;
        const { pattern, flags } = node.regex;
        const place = `${file}:${text.slice(0, node.start).split('\n').length}`;
        found.set(`${pattern}/${flags}`, { pattern, flags, place });
      },
    });
    visitor.visit(parseSync(file, text).program);
  }
  return [...found.values()];
}

const all = expressions();

test('every expression takes time in proportion to its input, unless that is short', () => {
  expect(all.length).toBeGreaterThan(200);
  const slow = all
    .filter(({ pattern }) => SHORT_INPUT[pattern] === undefined)
    .filter(
      ({ pattern, flags }) =>
        checkSync(pattern, flags, { checker: 'automaton', timeout: 5000 }).status === 'vulnerable',
    )
    .map(({ place, pattern }) => `${place}: /${pattern}/`);
  expect(slow).toEqual([]);
});

test('the check recognises a slow expression', () => {
  expect(checkSync('\\s+$', '', { checker: 'automaton' }).status).toBe('vulnerable');
  expect(checkSync('^(a|a)*$', '', { checker: 'automaton' }).status).toBe('vulnerable');
});

test('every excused expression exists', () => {
  const patterns = new Set(all.map(({ pattern }) => pattern));
  expect(Object.keys(SHORT_INPUT).filter((pattern) => !patterns.has(pattern))).toEqual([]);
});

/** Searches written by hand, with texts on which a naive search would start again at each position. */
const { text } = createRedactor(['canary-secret', 'aaaaaaaab', 'p%q r+s']);
const SEARCHES: [name: string, search: (text: string) => unknown, piece: string, end: string][] = [
  ['a scheme', text, 'a.', ''],
  ['schemes and one at sign', text, 'a://', '@'],
  ['users', text, 'a://u:', '@'],
  ['passwords that end elsewhere', text, 'a://u:b/', ' @'],
  ['passwords with queries', text, 'a://u:b?', ' @'],
  ['passwords, each with an end', text, 'a://u:b@h ', '?'],
  ['a secret that never ends', text, 'a', ''],
  ['percent signs', text, '%25', ''],
  ['all encodings', text, '%41+\\n', ''],
  ['parameters', text, '?token', ''],
  ['titles', htmlTitle, '<title', ''],
  ['zeros', (zeros) => withoutTrailing(zeros, '0'), '0', '1'],
];

test.each(SEARCHES)('four times the text takes about four times as long: %s', (_, search, piece, end) => {
  const took = (characters: number) => {
    const given = piece.repeat(characters / piece.length) + end;
    const started = performance.now();
    search(given);
    return performance.now() - started;
  };
  took(10_000);
  const [once, fourTimes] = [took(250_000), took(1_000_000)];
  // A quadratic search takes minutes; the limit allows for a busy machine.
  expect(fourTimes).toBeLessThan(Math.max(once * 40, 10_000));
});
