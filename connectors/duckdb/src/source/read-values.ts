import { parseExact } from '@aries-data/formats';
import type { Json } from '@aries-data/sdk';
import type { DuckDBBlobVector, DuckDBDecimal64Vector, DuckDBVector } from '@duckdb/node-api';

/** Reads the values of a vector into an array as long as the vector. */
export type ReadValues = (vector: DuckDBVector, values: Json[]) => void;

/** Reads item by item. */
export function eachItem<Item>(toJson: (item: Item) => Json): ReadValues {
  return (vector, values) => {
    for (let row = 0; row < values.length; row++) {
      const item = vector.getItem(row) as Item | null;
      values[row] = item === null ? null : toJson(item);
    }
  };
}

/** Reads DECIMALs, which are stored as integers times a power of ten. */
export function scaled(scale: number): ReadValues {
  return (vector, values) => {
    const decimals = vector as DuckDBDecimal64Vector;
    for (let row = 0; row < values.length; row++) {
      const value = decimals.getScaledValue(row);
      values[row] = value === null ? null : withPoint(String(value), scale);
    }
  };
}

function withPoint(digits: string, scale: number): string {
  if (scale === 0) return digits;
  const negative = digits.startsWith('-');
  const padded = (negative ? digits.slice(1) : digits).padStart(scale + 1, '0');
  const point = padded.length - scale;
  return `${negative ? '-' : ''}${padded.slice(0, point)}.${padded.slice(point)}`;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Reads text that was selected as bytes. */
export const texts: ReadValues = (vector, values) => {
  const blobs = vector as DuckDBBlobVector;
  for (let row = 0; row < values.length; row++) {
    const bytes = blobs.getItemBytes(row);
    values[row] = bytes === null ? null : decoder.decode(bytes);
  }
};

/** Reads bytes as base64. */
export const binaries: ReadValues = (vector, values) => {
  const blobs = vector as DuckDBBlobVector;
  for (let row = 0; row < values.length; row++) {
    const bytes = blobs.getItemBytes(row);
    values[row] =
      bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  }
};

/** Parses JSON text that was selected as bytes. */
export const jsons: ReadValues = (vector, values) => {
  texts(vector, values);
  for (let row = 0; row < values.length; row++) {
    const text = values[row] as string | null;
    if (text !== null) values[row] = parsed(text);
  }
};

/** Parses JSON; other text stays text, such as DuckDB's NaN and Infinity. */
function parsed(text: string): Json {
  try {
    return parseExact(text);
  } catch {
    return text;
  }
}
