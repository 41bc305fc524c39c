import { putLength, reserve } from './block.ts';
import { shortestDouble, shortestSingle } from './shortest-decimal.ts';
import type { ReadValue, WriteValue } from './values.ts';

/** Reads a double, including NaN and the infinities. */
export const readFloat8: ReadValue = ({ view }, from) => view.getFloat64(from);

/** Reads a float of four bytes as the double of the text that PostgreSQL prints: `0.1`, not the nearest float. */
export const readFloat4: ReadValue = ({ view }, from) => {
  const value = view.getFloat32(from);
  return value === Math.trunc(value) && value < 16_777_216 && value > -16_777_216
    ? value
    : Number.isFinite(value)
      ? Number(shortestSingle(value))
      : value;
};

export const readFloat8Text: ReadValue = ({ view }, from) => {
  const value = view.getFloat64(from);
  return Number.isFinite(value) ? floatText(value, shortestDouble(value), 15) : String(value);
};

export const readFloat4Text: ReadValue = ({ view }, from) => {
  const value = view.getFloat32(from);
  return Number.isFinite(value) ? floatText(value, shortestSingle(value), 6) : String(value);
};

/** Formats a float as PostgreSQL does: with an exponent of at least two digits if it is below 1e-4, or at least 10^`most`. */
function floatText(value: number, exponential: string, most: number): string {
  if (value === 0) return 1 / value < 0 ? '-0' : '0';
  const [shown, power] = exponential.split('e') as [string, string];
  const exponent = Number(power);
  if (exponent < -4 || exponent >= most) {
    return `${shown}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const minus = value < 0 ? '-' : '';
  const digits = shown.replace(/[-.]/g, '');
  if (exponent < 0) return `${minus}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return `${minus}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

export const writeFloat8: WriteValue = (sink, value) => {
  const number = numberOf(value);
  if (number === undefined) return false;
  reserve(sink, 12);
  putLength(sink, 8);
  sink.view.setFloat64(sink.at, number);
  sink.at += 8;
  return true;
};

export const writeFloat4: WriteValue = (sink, value) => {
  const number = numberOf(value);
  if (number === undefined) return false;
  const single = Math.fround(number);
  // Too large or too small for a float of four bytes.
  if (Number.isFinite(single) !== Number.isFinite(number) && !Number.isNaN(number)) return false;
  if (single === 0 && number !== 0) return false;
  reserve(sink, 8);
  putLength(sink, 4);
  sink.view.setFloat32(sink.at, single);
  sink.at += 4;
  return true;
};

const DECIMAL = /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Returns the double for a JSON number or a decimal text, or undefined if it overflows or underflows. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  if (typeof value !== 'string' || !DECIMAL.test(value)) return undefined;
  const number = Number(value);
  if (!Number.isFinite(number) || (number === 0 && /[1-9]/.test(value.replace(/[eE].*/, '')))) return undefined;
  return number;
}
