import { putLength, reserve } from './block.ts';
import type { ReadValue, WriteValue } from './values.ts';

// Four int16: number of digits, weight of the first, sign, scale; then the digits, in base 10,000.
// https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/numeric.c (numeric_send)
const HEADER = 8;
const NEGATIVE = 0x4000;
const NAN = 0xc000;
const INFINITE = 0xd000;
const NEGATIVE_INFINITE = 0xf000;
const MOST_SCALE = 16383;
/** The most digits before the point. */
const MOST_WHOLE = 131072;

const SPECIAL: Record<number, string> = {
  [NAN]: 'NaN',
  [INFINITE]: 'Infinity',
  [NEGATIVE_INFINITE]: '-Infinity',
};

const FOUR_DIGITS: string[] = [];

/** Reads a numeric as PostgreSQL prints it, with its scale. */
export const readNumeric: ReadValue = ({ view }, from, to) => {
  if (to - from < HEADER) return undefined;
  const count = view.getUint16(from);
  const weight = view.getInt16(from + 2);
  const sign = view.getUint16(from + 4);
  const scale = view.getUint16(from + 6);
  const first = from + HEADER;
  if (first + count * 2 !== to || scale > MOST_SCALE) return undefined;
  if (sign !== 0 && sign !== NEGATIVE) return SPECIAL[sign];
  if (FOUR_DIGITS.length === 0) for (let i = 0; i < 10_000; i++) FOUR_DIGITS.push(String(i).padStart(4, '0'));
  let text = sign === NEGATIVE ? '-' : '';
  if (weight < 0) text += '0';
  for (let index = 0; index <= weight; index++) {
    const digit = index < count ? view.getUint16(first + index * 2) : 0;
    if (digit > 9999) return undefined;
    text += index === 0 ? digit : FOUR_DIGITS[digit];
  }
  if (scale === 0) return text;
  let fraction = '';
  for (let index = weight + 1; fraction.length < scale; index++) {
    const digit = index >= 0 && index < count ? view.getUint16(first + index * 2) : 0;
    if (digit > 9999) return undefined;
    fraction += FOUR_DIGITS[digit];
  }
  return `${text}.${fraction.length === scale ? fraction : fraction.slice(0, scale)}`;
};

const DECIMAL = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?$/;

/** Writes a numeric. Keeps all digits after the point, including zeros. */
export const writeNumeric: WriteValue = (sink, value) => {
  if (typeof value !== 'string') return false;
  const special = Object.keys(SPECIAL).find((sign) => SPECIAL[Number(sign)] === value);
  if (special !== undefined) {
    // NaN and the infinities have no digits.
    reserve(sink, 4 + HEADER);
    putHeader(sink, { count: 0, weight: 0, sign: Number(special), scale: 0 });
    return true;
  }
  const [, minus, whole = '', fraction = '', power = '0'] = DECIMAL.exec(value) ?? [];
  if (minus === undefined || whole.length + fraction.length === 0) return false;
  const exponent = Number(power);
  const scale = Math.max(0, fraction.length - exponent);
  const digits = (whole + fraction).replace(/^0+/, '');
  // Position of the point in `digits`. Negative if there are zeros between the point and the digits.
  const point = digits.length - fraction.length + exponent;
  if (scale > MOST_SCALE || (digits !== '' && point > MOST_WHOLE)) return false;
  if (digits === '') {
    reserve(sink, 4 + HEADER);
    putHeader(sink, { count: 0, weight: 0, sign: 0, scale });
    return true;
  }
  const groups = Math.ceil(point / 4);
  const aligned = '0'.repeat(groups * 4 - point) + digits;
  const padded = aligned.padEnd(Math.ceil(aligned.length / 4) * 4, '0');
  let count = padded.length / 4;
  while (padded.startsWith('0000', (count - 1) * 4)) count--;
  reserve(sink, 4 + HEADER + count * 2);
  putHeader(sink, { count, weight: groups - 1, sign: minus === '' ? 0 : NEGATIVE, scale });
  for (let at = 0; at < count * 4; at += 4) {
    sink.view.setUint16(sink.at, Number(padded.slice(at, at + 4)));
    sink.at += 2;
  }
  return true;
};

function putHeader(
  sink: Parameters<WriteValue>[0],
  { count, weight, sign, scale }: { count: number; weight: number; sign: number; scale: number },
): void {
  putLength(sink, HEADER + count * 2);
  sink.view.setUint16(sink.at, count);
  sink.view.setInt16(sink.at + 2, weight);
  sink.view.setUint16(sink.at + 4, sign);
  sink.view.setUint16(sink.at + 6, scale);
  sink.at += HEADER;
}
