import { rawNumber } from '@aries-data/formats';
import type { FieldKind, Json } from '@aries-data/sdk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalDecimal, parseDecimal } from './decimal.ts';
import { orderOf } from './order.ts';

function compare(kind: FieldKind, a: Json, b: Json): number {
  const order = orderOf(kind)!;
  return Math.sign(order.compare(order.read(a), order.read(b)));
}

test.each<[FieldKind, Json, Json]>([
  ['int64', '9', '10'],
  ['int64', '-10', '-9'],
  ['int64', '9007199254740992', '9007199254740993'],
  ['decimal', '0.1', '0.10000000000000000001'],
  ['decimal', '-1e400', '5'],
  ['decimal', '9e-999999999', '1e999999999'],
  ['decimal', '-Infinity', '-1e400'],
  ['decimal', '1e400', 'Infinity'],
  ['decimal', 'Infinity', 'NaN'],
  ['number', 0.1, rawNumber('0.10000000000000000001')],
  ['number', 2, '10'],
  ['date', '2023-12-31', '2024-01-01'],
  ['date', '0044-03-15 BC', '0001-01-01'],
  ['date-time', '2024-01-01T10:00:00+02:00', '2024-01-01T09:00:00Z'],
  ['date-time', '2024-01-01 10:00:00.000001', '2024-01-01T10:00:00.00001Z'],
  ['date-time', '2024-01-01T10:00:00Z', '2024-01-01T10:00:00.000001Z'],
  ['date-time', '9999-12-31', '10000-01-01 00:00:00+00'],
  ['date-time', '294276-01-01 00:00:00+00', 'infinity'],
  ['date-time', '-infinity', '4713-01-01 00:00:00+00 BC'],
  ['time', '09:59:59.999999', '10:00'],
  ['time', '10:00:00', '10:00:00.5'],
  ['string', 'B', 'a'],
  ['string', '\uffff', '\u{10000}'],
  ['uuid', 'A0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12'],
])('%s: %j comes before %j', (kind, a, b) => {
  expect([compare(kind, a, b), compare(kind, b, a), compare(kind, a, a), compare(kind, b, b)]).toEqual([-1, 1, 0, 0]);
});

test.each<[FieldKind, Json, Json]>([
  ['int64', '5', 5],
  ['decimal', '1.50', '1.5'],
  ['decimal', '100', '1e2'],
  ['decimal', '-0.00', '0'],
  ['date-time', '2024-01-01T10:00:00.100Z', '2024-01-01 11:00:00.1+01'],
  ['date-time', '2024-01-01', '2024-01-01T00:00:00Z'],
  ['time', '10:00', '10:00:00.000'],
])('%s: %j equals %j', (kind, a, b) => {
  expect(compare(kind, a, b)).toBe(0);
});

test('decimals compare like integers of their smallest digit', () => {
  const decimal = fc.tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.integer({ min: 0, max: 30 }));
  const text = ([digits, scale]: [bigint, number]) => {
    const padded = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
    return `${digits < 0n ? '-' : ''}${padded.slice(0, padded.length - scale)}${scale === 0 ? '' : `.${padded.slice(-scale)}`}`;
  };
  fc.assert(
    fc.property(decimal, decimal, (a, b) => {
      const left = a[0] * 10n ** BigInt(30 - a[1]);
      const right = b[0] * 10n ** BigInt(30 - b[1]);
      expect(compare('decimal', text(a), text(b))).toBe(left < right ? -1 : left > right ? 1 : 0);
      expect(canonicalDecimal(parseDecimal(text(a))!) === canonicalDecimal(parseDecimal(text(b))!)).toBe(
        left === right,
      );
    }),
  );
});

test('timestamps compare as Date does', () => {
  const dates = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(dates, dates, (a, b) => {
      expect(compare('date-time', a.toISOString(), b.toISOString())).toBe(Math.sign(a.getTime() - b.getTime()));
      expect(orderOf('date-time')!.read(a.toISOString()).seconds).toBe(Math.floor(a.getTime() / 1000));
    }),
  );
});
