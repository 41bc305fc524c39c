import { AriesError } from '@aries-data/sdk';

/** A span of time, `[start, end)`, as RFC 3339 in UTC. */
export interface Span {
  start: string;
  end: string;
}

/** The tokens of a path, from the longest period to the shortest, and how many digits each has. */
const TOKENS = [
  ['yyyy', 4],
  ['MM', 2],
  ['dd', 2],
  ['HH', 2],
  ['mm', 2],
] as const;

const NAMES: readonly string[] = TOKENS.map(([name]) => name);
const BRACES = /\{([^{}]*)\}/g;
/** More paths than this are a wrong interval rather than a wanted one. */
const MOST_PERIODS = 100_000;

/** True if a path has tokens for the time, such as `{yyyy}`. */
export function isTemplate(path: string): boolean {
  return tokensOf(path).length > 0;
}

/**
 * Throws `CONFIG_INVALID` if the tokens of a path do not name a period: `{dd}` without `{MM}`, or a token that does not exist. Braces with
 * a comma are part of a glob.
 */
export function checkTemplate(path: string): void {
  for (const [, name = ''] of path.matchAll(BRACES)) {
    if (NAMES.includes(name) || !/^[a-z]{1,4}$/i.test(name)) continue;
    const likely = NAMES.find((one) => one.toLowerCase() === name.toLowerCase());
    const isOfTime = /^(?:y+|M+|d+|H+|m+|s+)$/i.test(name);
    if (!isOfTime) continue;
    throw new AriesError('CONFIG_INVALID', `"{${name}}" in the url is not a token of the interval`, {
      hint: `The tokens are {yyyy}, {MM}, {dd}, {HH} and {mm}${likely === undefined ? '' : `: write {${likely}}`}.`,
    });
  }
  const found = tokensOf(path);
  const missing = NAMES.slice(0, NAMES.indexOf(found.at(-1) ?? '')).find((name) => !found.includes(name));
  if (missing === undefined) return;
  throw new AriesError('CONFIG_INVALID', `the url has {${found.at(-1)}}, but not {${missing}}`, {
    hint: `A path names a period completely: add {${missing}}.`,
  });
}

/** Returns a path for each period that intersects the span, in UTC, in order of time. */
export function pathsOf(template: string, { start, end }: Span): string[] {
  checkTemplate(template);
  const shortest = tokensOf(template).at(-1)!;
  const [from, until] = [Date.parse(start), Date.parse(end)];
  const paths: string[] = [];
  for (let period = startOf(from, shortest); period < until; period = next(period, shortest)) {
    if (paths.length === MOST_PERIODS) {
      throw new AriesError(
        'CONFIG_INVALID',
        `the interval from ${start} to ${end} has more than ${MOST_PERIODS} of the periods that the url names`,
        { hint: 'Read it in several runs with shorter intervals.' },
      );
    }
    paths.push(filled(template, period));
  }
  return from === until ? [] : paths;
}

/** Returns a glob that matches the paths of all periods. */
export function anyPeriod(template: string): string {
  checkTemplate(template);
  return TOKENS.reduce((path, [name, digits]) => path.replaceAll(`{${name}}`, '[0-9]'.repeat(digits)), template);
}

/** Returns the tokens of a path, from the longest period to the shortest, each once. */
function tokensOf(path: string): string[] {
  return NAMES.filter((name) => path.includes(`{${name}}`));
}

/** Returns the start of the period that contains a moment. */
function startOf(moment: number, token: string): number {
  const parts = partsOf(moment);
  return utc(parts.map((part, index) => (index <= NAMES.indexOf(token) ? part : index === 1 || index === 2 ? 1 : 0)));
}

function next(period: number, token: string): number {
  return utc(partsOf(period).map((part, index) => (index === NAMES.indexOf(token) ? part + 1 : part)));
}

/** Returns year, month from 1, day, hour and minute in UTC. */
function partsOf(moment: number): number[] {
  const date = new Date(moment);
  return [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes()];
}

function utc([year = 0, month = 1, day = 1, hour = 0, minute = 0]: number[]): number {
  // Date.UTC takes years below 100 for years of the 20th century.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.setUTCHours(hour, minute);
}

function filled(template: string, period: number): string {
  const parts = partsOf(period);
  return TOKENS.reduce(
    (path, [name, digits], index) => path.replaceAll(`{${name}}`, String(parts[index]).padStart(digits, '0')),
    template,
  );
}
