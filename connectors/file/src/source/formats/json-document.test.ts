import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import chain from 'stream-chain';
import { parser } from 'stream-json';
import { streamArray } from 'stream-json/streamers/stream-array.js';
import { expect, test } from 'vitest';
import { readJson } from './json.ts';

type Encoding = 'utf-8' | 'utf-16le';

async function* cut(bytes: Buffer, places: readonly number[]): AsyncGenerator<Buffer> {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < at.length; i++) yield bytes.subarray(at[i - 1], at[i]);
}

interface Read {
  /** Each record or reason for rejection, with its origin. */
  found: string[];
  /** The elements as JavaScript values, with doubles for numbers. */
  values: unknown[];
  error?: string;
}

async function read(
  bytes: Buffer,
  places: readonly number[],
  records = '',
  encoding: Encoding = 'utf-8',
): Promise<Read> {
  const result: Read = { found: [], values: [] };
  const config = { records, encoding, maxRecordBytes: 64 * 1024 * 1024 };
  const options = { name: 'x.json', config, skip: 0, reopen: async () => cut(bytes, []) };
  try {
    for await (const { items } of readJson(cut(bytes, places), options)) {
      for (const item of items) {
        if (Array.isArray(item)) result.found.push(...item.map((record) => JSON.stringify(record)));
        else if ('reason' in item) result.found.push(`${item.origin} ${item.reason}: ${JSON.stringify(item.record)}`);
        if (Array.isArray(item)) result.values.push(...item);
        else if ('reason' in item) result.values.push(item.record);
      }
    }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code !== 'DATA_INVALID') throw error;
    return { found: [], values: [], error: message.replace(/byte \d+/, 'byte …') };
  }
  return result;
}

/** Reads the elements of an array with stream-json. */
async function byStreamJson(bytes: Buffer, places: readonly number[]): Promise<unknown[] | 'not JSON'> {
  const values: unknown[] = [];
  const records = chain([parser({ packValues: true, streamValues: false }), streamArray()]);
  records.on('data', ({ value }: { value: unknown }) => values.push(value));
  try {
    await pipeline(Readable.from(cut(bytes, places), { objectMode: false }), records);
  } catch {
    return 'not JSON';
  }
  return values;
}

function asDoubles(values: unknown): string {
  return JSON.stringify(JSON.parse(JSON.stringify(values)));
}

// Writes JSON in the many ways that people and programs do; JSON.stringify has only one.
const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r'), maxLength: 2 });
const character = fc.oneof(
  fc.constantFrom('"', '\\', '/', '[', ']', '{', '}', ',', ':', '\\"', '\n', '\u{2028}', '\u{fdd0}'),
  fc.string({ unit: 'grapheme', maxLength: 3 }),
  fc.string({ unit: 'grapheme-ascii', minLength: 30, maxLength: 80 }),
);
const string = fc.tuple(fc.array(character, { maxLength: 3 }), fc.nat(4)).map(([characters, escapes]) => {
  const text = JSON.stringify(characters.join(''));
  if (escapes === 0)
    return text.replaceAll(/[^\\"\u{0}-\u{7f}]/gu, (one) =>
      JSON.stringify(one).replaceAll(/[^"]/g, escaped).slice(1, -1),
    );
  return escapes === 1 ? text.replaceAll('/', '\\/') : text;
});
const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
const number = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((double) => JSON.stringify(double)),
  fc.constantFrom('0', '-0', '1.50', '1E5', '1e+2', '-1.25e-3', '123456789012345', '0.1'),
);
const inexact = fc.constantFrom('12345678901234567890', '9007199254740993', '1e400', '0.1234567890123456789', '1e-400');

interface Options {
  number: fc.Arbitrary<string>;
  names: fc.Arbitrary<string>;
  /** True if a name may occur twice. */
  twice: boolean;
}

function documents(options: Options): fc.Arbitrary<string> {
  const spaced = (inner: fc.Arbitrary<string>) => fc.tuple(space, inner, space).map((pieces) => pieces.join(''));
  const { value } = fc.letrec<{ value: string }>((tie) => {
    const value = spaced(tie('value'));
    const member = fc.tuple(spaced(options.names), value);
    const members = options.twice
      ? fc.array(member, { maxLength: 4 })
      : fc.uniqueArray(member, { maxLength: 4, selector: ([name]) => JSON.parse(name) as string });
    return {
      value: fc.oneof(
        { depthSize: 'small' },
        options.number,
        string,
        fc.constantFrom('true', 'false', 'null', '[]', '{}', '[ ]'),
        fc.array(value, { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
        members.map((all) => `{${all.map((pair) => pair.join(':')).join(',')}}`),
      ),
    };
  });
  return spaced(fc.array(spaced(value), { maxLength: 6 }).map((elements) => `[${elements.join(',')}]`));
}

const places = fc.array(fc.nat(), { maxLength: 10 });
const damage = fc.record({
  at: fc.nat(),
  remove: fc.nat({ max: 2 }),
  insert: fc.string({ unit: fc.constantFrom(...'[]{},:"\\ 01.e-+tfn\n\u{0}'), maxLength: 2 }),
});
const someDamage = fc.option(damage, { nil: undefined });

function damaged(document: string, done: { at: number; remove: number; insert: string } | undefined): string {
  if (done === undefined) return document;
  const start = done.at % (document.length + 1);
  return (document.slice(0, start) + done.insert + document.slice(start + done.remove)).toWellFormed();
}

/** Documents may follow each other here; stream-json has only one. */
function isTwoDocuments(text: string): boolean {
  const isJson = (piece: string) => {
    try {
      JSON.parse(piece);
      return true;
    } catch {
      return false;
    }
  };
  return [...text].some((_, end) => isJson(text.slice(0, end)) && isJson(text.slice(end)));
}

test('the same elements are found as by stream-json, wherever the bytes are cut, damaged or not', async () => {
  const names = fc.oneof(string, fc.constantFrom('"a"', '"b"', '"a\\\\"', '"\\u0061c"', '"1"', '"constructor"'));
  await fc.assert(
    fc.asyncProperty(documents({ number, names, twice: false }), places, places, someDamage, async (...given) => {
      const [document, ours, theirs, harm] = given;
      const bytes = Buffer.from(damaged(document, harm));
      const { values, error, found } = await read(bytes, ours);
      const expected = await byStreamJson(bytes, theirs);
      // Duplicate names caused by damage are rejected here but lost in stream-json, and a single object is a record here.
      fc.pre(!found.some((line) => line.includes('occurs twice')) && !/^\s*\{/.test(bytes.toString()));
      if (expected === 'not JSON') expect(error !== undefined || isTwoDocuments(bytes.toString())).toBe(true);
      else expect(asDoubles(error ?? values)).toBe(asDoubles(expected));
    }),
    { numRuns: 200 },
  );
});

// Only UTF-8 is scanned; UTF-16 is tokenized from beginning to end.
test('a document gives exactly the same records, rejections and errors in UTF-8 and UTF-16', async () => {
  const names = fc.constantFrom('"a"', '"b"', '"\\u0061"', '"__proto__"', '"a\\\\"', '"\\"a"', '""');
  const wrapped = fc.constantFrom(
    ['', ''],
    ['{"data":', '}'],
    ['{"x":[[1],{"data":[2]}], "data" :', ',"y":[{}]}'],
    ['{"data":1,"data":', '}'],
  );
  await fc.assert(
    fc.asyncProperty(
      documents({ number: fc.oneof(number, inexact), names, twice: true }),
      wrapped,
      fc.constantFrom('', '/data', '/0'),
      places,
      someDamage,
      async (document, [before, after], records, cuts, harm) => {
        const text = damaged(before + document + after, harm);
        const scanned = await read(Buffer.from(text), cuts, records);
        const byTokens = await read(Buffer.from(text, 'utf16le'), [], records, 'utf-16le');
        // If two things are wrong, the cuts decide which one is found first.
        const errors = [scanned.error, byTokens.error];
        const isTwiceWrong = errors.some((error = ' line 1') => !/ (?:line \d|byte …)/.test(error));
        if (harm !== undefined && isTwiceWrong) expect(errors).not.toContain(undefined);
        else expect(scanned).toEqual(byTokens);
      },
    ),
    { numRuns: 200 },
  );
});

test.each<[string, (text: string) => string]>([
  ['as they are', (text) => text],
  ['with a long text that does not end', (text) => text.replace('tail"', 'tail')],
  ['with a number twice', (text) => text.replace('"after":1', '"after":1,"after":2')],
  ['with an element missing', (text) => text.replace(/,\{"after":1\}/, ',')],
  ['with text in between', (text) => text.replace(',{"after":1}', ' {"after":1}')],
])('elements of megabytes among short ones, %s', async (_, change) => {
  const long = `{"text":"${'x\\"é'.repeat(400_000)}tail","list":[${'{"a":[1,2]},'.repeat(150_000)}{}]}`;
  const text = change(`[{"first":1},${long},${long},{"after":1},{"last":12345678901234567890}]`);
  const cuts = Array.from({ length: 40 }, (_, index) => index * 123_457);
  const scanned = await read(Buffer.from(text), cuts);
  const byTokens = await read(Buffer.from(text, 'utf16le'), [], '', 'utf-16le');
  expect(scanned.error).toBe(byTokens.error);
  expect(scanned.found.map((record) => record.length)).toEqual(byTokens.found.map((record) => record.length));
  expect(scanned.found.join('\n') === byTokens.found.join('\n')).toBe(true);
});

test('megabytes of white space around or instead of elements', async () => {
  const space = ' '.repeat(1_200_000);
  expect(await read(Buffer.from(`[${space}]`), [600_000])).toEqual({ found: [], values: [] });
  expect((await read(Buffer.from(`[${space}{}${space},${space}{}${space}]`), [600_000])).found).toEqual(['{}', '{}']);
  expect((await read(Buffer.from(`[{},${space}]`), [600_000])).error).toContain(`unexpected token ']'`);
});
