import { valueAt } from '@aries-data/formats/internal';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linkOf } from './link-header.ts';
import { rateState } from './rate-headers.ts';
import { retryAfter } from './retry-after.ts';

const parameterName = fc.stringMatching(/^[a-z][a-z0-9*-]{0,8}$/).filter((name) => name !== 'rel');
const quotedValue = fc.string({ unit: fc.constantFrom('a', '"', '\\', ',', ';', '<', '>', '=', ' ', 'é') });
const target = fc.webUrl({ withQueryParameters: true }).filter((url) => !/[<>]/.test(url));
const link = fc.record({
  target,
  rel: fc.constantFrom('prev', 'last', 'first', 'item'),
  parameters: fc.array(fc.tuple(parameterName, quotedValue), { maxLength: 3 }),
  relFirst: fc.boolean(),
});

const write = (url: string, rel: string, parameters: [string, string][], relFirst: boolean) => {
  const rest = parameters.map(([name, value]) => `; ${name}="${value.replace(/[\\"]/g, '\\$&')}"`).join('');
  return relFirst ? `<${url}>; rel="${rel}"${rest}` : `<${url}>${rest} ;\tREL=${rel}`;
};

test('the next link is found among any others, whatever their parameters', () => {
  fc.assert(
    fc.property(
      fc.array(link),
      fc.array(link),
      target,
      fc.array(fc.tuple(parameterName, quotedValue)),
      fc.boolean(),
      (before, after, url, parameters, relFirst) => {
        const others = (links: typeof before) =>
          links.map((one) => write(one.target, one.rel, one.parameters, one.relFirst));
        const next = write(url, relFirst ? 'Other NEXT' : 'Next', parameters, relFirst);
        expect(linkOf([...others(before), next, ...others(after)].join(', '), 'next')).toBe(url);
        expect(linkOf([...others(before), ...others(after)].join(', '), 'next')).toBeUndefined();
      },
    ),
  );
});

test('no text makes linkOf throw or loop', () => {
  const piece = fc.constantFrom('<', '>', ';', ',', '=', '"', '\\', 'rel', 'next', ' ', 'x');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const found = linkOf(pieces.join(''), 'next');
      expect(found === undefined || pieces.join('').includes(found)).toBe(true);
    }),
  );
  expect(linkOf('</?page=2>; rel=prev; rel=next', 'next')).toBeUndefined();
});

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const SHORT_DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const two = (number: number) => String(number).padStart(2, '0');

/** The three forms of RFC 9110, 5.6.7. */
function forms(date: Date): string[] {
  const [day, month, year] = [date.getUTCDate(), MONTHS[date.getUTCMonth()]!, date.getUTCFullYear()];
  const clock = date.toISOString().slice(11, 19);
  return [
    date.toUTCString(),
    `${DAYS[date.getUTCDay()]}, ${two(day)}-${month}-${two(year % 100)} ${clock} GMT`,
    `${SHORT_DAYS[date.getUTCDay()]} ${month} ${String(day).padStart(2)} ${clock} ${year}`,
  ];
}

test('Retry-After is seconds or a date in any of its three forms, relative to the clock of the server', () => {
  const seconds = fc.integer({ min: 0, max: 86_400 });
  const time = fc.integer({ min: Date.UTC(2001, 0) / 1000, max: Date.UTC(2049, 0) / 1000 });
  fc.assert(
    fc.property(time, seconds, seconds, (now, later, skew) => {
      expect(retryAfter(new Headers({ 'retry-after': String(later) }))).toBe(later * 1000);
      for (const text of forms(new Date((now + later) * 1000))) {
        expect(retryAfter(new Headers({ 'retry-after': text }), now * 1000)).toBe(later * 1000);
        const date = new Date(now * 1000).toUTCString();
        expect(retryAfter(new Headers({ 'retry-after': text, date }), (now + skew) * 1000)).toBe(later * 1000);
      }
    }),
  );
});

test.each(['', 'soon', '-1', '1e3', '2026-01-01', 'Mon, 99 Foo 2026 00:00:00 GMT', '5 apples'])(
  'Retry-After: %s says nothing',
  (text) => {
    expect(retryAfter(new Headers({ 'retry-after': text }))).toBeUndefined();
  },
);

test('a date in the past means no wait', () => {
  expect(retryAfter(new Headers({ 'retry-after': 'Sun, 06 Nov 1994 08:49:37 GMT' }))).toBe(0);
});

test.each([
  ['draft 08 and later', { ratelimit: '"hour";r=500;t=3000, "minute";r=2;t=30' }, { remaining: 2, resetMs: 30_000 }],
  ['draft 07', { ratelimit: 'limit=100, remaining=50, reset=5' }, { remaining: 50, resetMs: 5000 }],
  ['draft 06', { 'ratelimit-remaining': '3', 'ratelimit-reset': '7' }, { remaining: 3, resetMs: 7000 }],
  ['GitHub', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1700000060' }, { remaining: 0, resetMs: 60_000 }],
  [
    'milliseconds',
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1700000060000' },
    { remaining: 0, resetMs: 60_000 },
  ],
  ['a limit without a reset', { 'x-ratelimit-remaining': '0' }, undefined],
])('rate limit headers: %s', (_, headers, expected) => {
  expect(rateState(new Headers(headers as never), 1_700_000_000_000)).toEqual(expected);
});

test('places in a body are JSON pointers or dotted paths', () => {
  const body = { data: { 'a/b': 1, 'c~d': 2, items: [{ id: 7 }, { id: 8 }] }, 'x.y': 3 };
  expect(valueAt(body, '/data/a~1b')).toBe(1);
  expect(valueAt(body, '/data/c~0d')).toBe(2);
  expect(valueAt(body, 'data.items.0.id')).toBe(7);
  expect(valueAt(body, '/data/items/-1/id')).toBe(8);
  expect(valueAt(body, '/x.y')).toBe(3);
  expect(valueAt(body, '')).toBe(body);
  for (const place of ['/data/none', '/data/items/2', '/data/items/length', '/toString', 'data.items.0.id.x'])
    expect(valueAt(body, place)).toBeUndefined();
});
