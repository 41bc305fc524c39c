import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  duplicateName,
  isExactNumber,
  isRawNumber,
  MAX_DEPTH,
  mayBeMisread,
  parseExact,
  parseSpelled,
  rawNumber,
  rawText,
} from './exact-json.ts';

const numberText = fc.stringMatching(/^-?(0|[1-9]\d{0,24})(\.\d{1,24})?([eE][+-]?\d{1,3})?$/);

/** Reference implementation: a decimal as an integer in units of 10^-1100. */
function decimalOf(text: string): bigint {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text)!;
  return BigInt(`${sign}${whole}${fraction}`) * 10n ** BigInt(1100 + Number(exponent) - fraction.length);
}

test('no number changes its value in a round trip', () => {
  fc.assert(
    fc.property(numberText, (text) => {
      expect(decimalOf(JSON.stringify(parseExact(text)))).toBe(decimalOf(text));
      expect(decimalOf(JSON.stringify((parseExact(`{"a":[1, ${text}]}`) as { a: number[] }).a[1]))).toBe(
        decimalOf(text),
      );
    }),
    { numRuns: 1000 },
  );
});

test('a number is exact if the double is printed with the same value', () => {
  fc.assert(
    fc.property(numberText, (text) => {
      const printed = String(Number(text));
      expect(isExactNumber(text)).toBe(!printed.includes('Infinity') && decimalOf(printed) === decimalOf(text));
    }),
    { numRuns: 1000 },
  );
  expect(isExactNumber('1e400')).toBe(false);
  expect(isExactNumber('1e-400')).toBe(false);
  expect(isExactNumber('0e999')).toBe(true);
  expect(isExactNumber('1.50')).toBe(true);
});

test.each([
  ['9007199254740991', 'number'],
  ['9007199254740992', 'raw'],
  ['-9007199254740993', 'raw'],
  ['1e400', 'raw'],
  ['12000000000000000', 'raw'],
  ['1.2e16', 'number'],
  ['1e300', 'number'],
  ['0.30000000000000004', 'number'],
  ['0.3000000000000000444', 'raw'],
  ['5e-324', 'number'],
  ['1.0', 'number'],
  ['-0', 'number'],
])('%s is kept as a %s', (text, kept) => {
  const value = parseExact(text);
  expect(isRawNumber(value) ? 'raw' : typeof value).toBe(kept);
  if (isRawNumber(value)) expect(rawText(value)).toBe(text);
});

test('negative zero stays negative', () => {
  expect(parseExact('-0')).toBe(-0);
});

test('any other value is parsed as by JSON.parse', () => {
  fc.assert(
    fc.property(fc.json({ depthSize: 'small' }), (text) => {
      fc.pre(!mayBeMisread(text));
      expect(parseExact(text)).toStrictEqual(JSON.parse(text));
      expect(JSON.stringify(parseSpelled(text))).toBe(JSON.stringify(JSON.parse(text)));
    }),
  );
});

test('the slow parser returns the same as the fast one', () => {
  // A number that needs its text makes the slow parser read everything around it.
  fc.assert(
    fc.property(fc.json({ depthSize: 'small' }), fc.constantFrom('', ' ', '\n\t'), (text, space) => {
      fc.pre(!mayBeMisread(text));
      const [value, number] = parseExact(`[${space}${text}${space},1e400${space}]`) as unknown[];
      expect(value).toStrictEqual(JSON.parse(text));
      expect(isRawNumber(number)).toBe(true);
    }),
  );
});

test('a number that JavaScript would print differently can keep its spelling', () => {
  const text = '{"a":1.50,"b":[1e5,-0,1.0,2.5],"c":"1.50","d":10}';
  expect(JSON.stringify(parseSpelled(text))).toBe(text);
  expect(JSON.stringify(parseExact(text))).toBe('{"a":1.5,"b":[100000,0,1,2.5],"c":"1.50","d":10}');
  fc.assert(
    fc.property(fc.oneof(numberText, fc.stringMatching(/^-?0\.0{4,8}[1-9]$/)), (number) => {
      expect(JSON.stringify(parseSpelled(`{"a":${number}}`))).toBe(`{"a":${number}}`);
    }),
    {
      numRuns: 1000,
    },
  );
});

test('__proto__, lone surrogates and odd names survive in both parsers', () => {
  for (const number of ['1', '12345678901234567890']) {
    const text = `{"__proto__":${number},"constructor":{"__proto__":null},"\\ud800":"\\udfff"}`;
    const value = parseExact(text) as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor', '\ud800']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(JSON.stringify(value)).toBe(text);
  }
});

test('digits inside strings are not numbers', () => {
  expect(parseExact('{"a":"12345678901234567890","b":", 12345678901234567890"}')).toEqual({
    a: '12345678901234567890',
    b: ', 12345678901234567890',
  });
});

test('an object that looks like a raw number is not one', () => {
  expect(isRawNumber(JSON.parse('{"rawJSON":"1e400"}'))).toBe(false);
  expect(isRawNumber(rawNumber('1e400'))).toBe(true);
});

test.each([
  ['arrays', '['.repeat(1e6) + ']'.repeat(1e6)],
  ['arrays around an inexact number', `${'['.repeat(1e6)}1e400${']'.repeat(1e6)}`],
  ['objects', `${'{"a":'.repeat(MAX_DEPTH + 1)}1${'}'.repeat(MAX_DEPTH + 1)}`],
])('refuses %s nested too deep', (_, text) => {
  expect(() => parseExact(text)).toThrow(new SyntaxError('nested more than 1000 levels deep'));
});

test('accepts the documented depth', () => {
  const text = `${'['.repeat(MAX_DEPTH)}${']'.repeat(MAX_DEPTH)}`;
  expect(JSON.stringify(parseExact(text))).toBe(text);
});

test.each([
  ['{"a":1,"a":2}', 'a'],
  ['{"a":1,"\\u0061":2}', 'a'],
  ['{"a" : 1 , "b" :2,"a"\n:3}', 'a'],
  ['[{"a":1},{"b":{"c":1,"c":1}}]', 'c'],
  ['{"__proto__":1,"__proto__":2}', '__proto__'],
  ['{"":1,"":2}', ''],
  ['{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}', undefined],
  ['{"a":"\\":","b":"{\\"a\\":1,\\"a\\":2}"}', undefined],
  ['{"a":12345678901234567890}', undefined],
  ['"a"', undefined],
])('the duplicate name in %s is %s', (text, name) => {
  expect(duplicateName(text, parseExact(text))).toBe(name);
});

test('finds duplicate names, and only those', () => {
  const name = fc.oneof(fc.constantFrom('a', 'b', '__proto__', '":', '{', '\\', 'é'), fc.string());
  const space = fc.constantFrom('', ' ', '\n\t');
  const member = fc.tuple(
    name,
    fc.oneof(
      fc.string().map((text) => JSON.stringify(text)),
      fc.constant('{"a":":"}'),
    ),
    space,
  );
  fc.assert(
    fc.property(fc.array(member, { maxLength: 6 }), (members) => {
      const text = `{${members.map(([key, value, gap]) => `${JSON.stringify(key)}${gap}:${value}`).join(`,`)}}`;
      const names = members.map(([key]) => key);
      const repeated = names.find((key, index) => names.indexOf(key) < index);
      expect(duplicateName(text, parseExact(text))).toBe(repeated);
    }),
  );
});

test('an escaped name is exact, whatever objects were parsed before', () => {
  const name = fc.string({
    unit: fc.constantFrom('\\', '"', '\n', 'n', 'a', '\u0000', 'é', ':', ' '),
    minLength: 1,
    maxLength: 3,
  });
  const value = fc.oneof(fc.nat(9), name);
  let runs = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 6 }), fc.constantFrom('', ' '), (members, space) => {
      // The first name is new in each run, so that V8 remembers only objects of this run.
      const first = `run ${runs++}`;
      for (const [key, one] of members) {
        const json = (gap: string) => `{"${first}":1,${JSON.stringify(key)}${gap}:${JSON.stringify(one)}}`;
        expect(JSON.stringify(parseExact(json(space)))).toBe(json(''));
      }
    }),
    { numRuns: 1000 },
  );
  parseExact('{"after a backslash":1,"\\\\":2}');
  expect(Object.keys(parseExact('{"after a backslash":1,"\\"":2}') as object)).toEqual(['after a backslash', '"']);
});
