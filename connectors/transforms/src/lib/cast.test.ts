import { rawNumber } from '@aries-data/formats';
import type { Json } from '@aries-data/sdk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CASTS, type CastType, whyNot } from './cast.ts';
import type { CastRule } from './cast-rule.ts';

function cast(type: CastType, value: Json): Json | undefined {
  return (CASTS[type] as CastRule).cast(value);
}

const GOOD: [CastType, Json, Json][] = [
  ['string', 'a', 'a'],
  ['string', 1.5, '1.5'],
  ['string', -0, '-0'],
  ['string', rawNumber('1e400'), '1e400'],
  ['string', true, 'true'],
  ['string', { a: [1] }, '{"a":[1]}'],
  ['integer', 5, 5],
  ['integer', '5', 5],
  ['integer', '-007', -7],
  ['integer', '5.0', 5],
  ['integer', '1e3', 1000],
  ['integer', '9007199254740991', 9007199254740991],
  ['number', '42.50729', 42.50729],
  ['number', '-1.50', -1.5],
  ['number', '.5', 0.5],
  ['number', '1.5e-7', 1.5e-7],
  ['number', '0.30000000000000004', 0.1 + 0.2],
  ['number', '0.10000000000000001', 0.1],
  ['number', '100000000000000000000', 1e20],
  ['number', '0.000', 0],
  ['number', '712684102247143.2', 712684102247143.25],
  ['number', rawNumber('12.5'), 12.5],
  ['boolean', 'TRUE', true],
  ['boolean', 'f', false],
  ['boolean', 0, false],
  ['int64', 5, '5'],
  ['int64', 1e17, '100000000000000000'],
  ['int64', '-9223372036854775808', '-9223372036854775808'],
  ['int64', '+05', '5'],
  ['int64', rawNumber('9007199254740993'), '9007199254740993'],
  ['decimal', '1.50', '1.50'],
  ['decimal', '+1', '1'],
  ['decimal', 0.1, '0.1'],
  ['decimal', rawNumber('1e400'), '1e400'],
  ['decimal', 'NaN', 'NaN'],
  ['date', '2024-02-29', '2024-02-29'],
  ['date', '2024-01-01T00:00:00Z', '2024-01-01'],
  ['date', '2024-01-01 00:00:00.000', '2024-01-01'],
  ['time', '10:00', '10:00:00'],
  ['time', '10:00:59.1234560', '10:00:59.123456'],
  ['date-time', '2024-01-01', '2024-01-01T00:00:00Z'],
  ['date-time', '2024-01-01 10:00', '2024-01-01T10:00:00Z'],
  ['date-time', '2024-01-01 10:00:00.123456+02', '2024-01-01T10:00:00.123456+02:00'],
  ['date-time', '2024-01-01t10:00:00+0530', '2024-01-01T10:00:00+05:30'],
  ['date-time', '2024-01-01T10:00:00.123456000z', '2024-01-01T10:00:00.123456Z'],
  ['uuid', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['json', '{"a": 1,  "a": 2}', '{"a": 1,  "a": 2}'],
  ['json', { a: [rawNumber('1e400')] }, '{"a":[1e400]}'],
  ['json', 5, '5'],
];

test.each(GOOD)('%s of %j is %j', (type, value, expected) => {
  expect(cast(type, value)).toBe(expected);
});

const BAD: [CastType, Json, string][] = [
  ['integer', 'abc', '"x": "abc" is not an integer'],
  ['integer', '1.5', '"x": "1.5" is not an integer'],
  ['integer', 1.5, '"x": 1.5 is not an integer'],
  ['integer', '', '"x": "" is not an integer'],
  ['integer', ' 5', '"x": " 5" is not an integer'],
  ['integer', '0x10', '"x": "0x10" is not an integer'],
  ['integer', true, '"x": true is not an integer'],
  ['integer', '9007199254740993', '"x": "9007199254740993" is too large for an integer: cast it to int64 or decimal'],
  ['integer', '1e999999999', '"x": "1e999999999" is not an integer'],
  ['number', 'abc', '"x": "abc" is not a number'],
  ['number', 'NaN', '"x": "NaN" is not a number'],
  ['number', '9007199254740993', '"x": "9007199254740993" does not fit a number exactly: cast it to decimal'],
  ['number', '0.12345678901234567', '"x": "0.12345678901234567" does not fit a number exactly: cast it to decimal'],
  [
    'number',
    '1.00000000000000000001',
    '"x": "1.00000000000000000001" does not fit a number exactly: cast it to decimal',
  ],
  ['number', rawNumber('1e400'), '"x": 1e400 does not fit a number exactly: cast it to decimal'],
  ['number', '1e-400', '"x": "1e-400" does not fit a number exactly: cast it to decimal'],
  ['number', { a: 1 }, '"x": {"a":1} is not a number'],
  ['boolean', 'maybe', '"x": "maybe" is not a boolean'],
  ['boolean', 2, '"x": 2 is not a boolean'],
  ['int64', '9223372036854775808', '"x": "9223372036854775808" is too large for int64: cast it to decimal'],
  ['int64', '0.5', '"x": "0.5" is not an integer'],
  ['decimal', '1,5', '"x": "1,5" is not a decimal number'],
  ['date', '2023-02-29', '"x": "2023-02-29" is not a date'],
  ['date', '2024-01-01T10:00:00Z', '"x": "2024-01-01T10:00:00Z" is not a date: it has a time of day'],
  ['date', '2024-01-01T00:00:00+02:00', '"x": "2024-01-01T00:00:00+02:00" is not a date: it has a time of day'],
  ['date', 20240101, '"x": 20240101 is not a date'],
  ['time', '25:00:00', '"x": "25:00:00" is not a time'],
  ['time', '10:00:00.1234567', '"x": "10:00:00.1234567" has digits beyond microseconds'],
  ['date-time', '2024-01-01T10:00:00.1234567Z', '"x": "2024-01-01T10:00:00.1234567Z" has digits beyond microseconds'],
  ['date-time', '01.02.2024', '"x": "01.02.2024" is not a date-time'],
  ['date-time', 1704067200, '"x": 1704067200 is not a date-time'],
  ['uuid', 'a0eebc99', '"x": "a0eebc99" is not a uuid'],
  ['json', '{a: 1}', '"x": "{a: 1}" is not JSON text'],
];

test.each(BAD)('%s of %j fails: %s', (type, value, reason) => {
  expect(cast(type, value)).toBeUndefined();
  expect(whyNot(type, 'x', value)).toBe(reason);
});

test('a long value is shortened in the reason', () => {
  expect(whyNot('integer', 'x', 'a'.repeat(1000))).toHaveLength(`"x": "${'a'.repeat(79)}… is not an integer`.length);
});

test('every number survives a cast to text and back', () => {
  const numbers = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(fc.property(numbers, (value) => cast('number', cast('string', value)!) === value));
  fc.assert(fc.property(numbers, (value) => cast('number', value.toPrecision(17)) === value));
});

test('text cast to integer or int64 is the same number', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }), (value) => {
      const int64 = cast('int64', String(value));
      const integer = cast('integer', String(value));
      return (
        int64 === (BigInt.asIntN(64, value) === value ? String(value) : undefined) &&
        integer === (Number.isSafeInteger(Number(value)) ? Number(value) : undefined)
      );
    }),
  );
});
