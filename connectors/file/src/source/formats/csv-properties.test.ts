import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { expect, test } from 'vitest';
import { type SourceConfig, sourceConfig } from '../../config.ts';
import { readCsv } from './csv.ts';
import { csvDialect } from './csv-dialect.ts';
import { rowReader } from './csv-row.ts';
import type { Encoding } from './text.ts';

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Reads the cells of records and the reasons of rejections, in order. */
async function read(bytes: Uint8Array, size: number, config: Partial<SourceConfig>): Promise<unknown[]> {
  const { encoding = 'utf-8', ...parsed } = sourceConfig.parse({ url: 'x.csv', ...config });
  const found: unknown[] = [];
  const options = { name: 'x.csv', config: { ...parsed, encoding }, skip: 0 };
  for await (const { items } of readCsv(chunksOf(bytes, size), options)) {
    for (const item of items) {
      if (Array.isArray(item)) found.push(...item.map((record) => Object.values(record as object)));
      else if ('reason' in item) found.push(`${item.origin} ${JSON.stringify(item.record)}: ${item.reason}`);
    }
  }
  return found;
}

const dialect = fc.record({
  delimiter: fc.constantFrom(',', ';', '\t', '|', '||', 'é'),
  quote: fc.constantFrom('"', "'", '$'),
  escape: fc.constantFrom(undefined, '\\'),
  lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
  comment: fc.constantFrom(undefined, '#', '//'),
  trim: fc.boolean(),
  relaxQuotes: fc.boolean(),
  ragged: fc.constantFrom('reject' as const, 'pad' as const),
  nulls: fc.constantFrom<string[]>([''], ['', 'NA'], ['NA']),
  skipLines: fc.nat(2),
  headerRow: fc.constantFrom(undefined, true, 'replace' as const),
  encoding: fc.constantFrom<Encoding>('utf-8', 'utf-16le', 'utf-16be', 'gb18030'),
  chunk: fc.integer({ min: 1, max: 50 }),
});
const cell = fc.oneof(
  fc.constant(null),
  fc.constantFrom('', 'NA', '#', '1', 'true', ' ', '\\', '\\"'),
  fc.string({ unit: fc.constantFrom(...'ab",;|\t\'\n\r\\#/$ 1é中😀') }),
);
const table = fc
  .integer({ min: 1, max: 4 })
  .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }));

test('any table in any dialect is read back, wherever its bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(table, dialect, async (rows, { lineEnd, headerRow, chunk, ...options }) => {
      const { delimiter, quote, escape: escaper = quote, nulls, skipLines, encoding } = options;
      const nullText = nulls[0]!;
      const write = (value: string | null) => {
        if (value === null) return nullText;
        if (value !== '' && /^[ab]*$/.test(value)) return value;
        const escaped = value.replaceAll(escaper, () => escaper + escaper);
        return quote + (escaper === quote ? escaped : escaped.replaceAll(quote, () => escaper + quote)) + quote;
      };
      const names = rows[0]!.map((_, index) => `c${index}`);
      const lines = rows.map((row) => row.map(write).join(delimiter));
      const text = [
        ...Array.from({ length: skipLines }, () => `skipped ${quote}${delimiter}`),
        ...(headerRow === undefined ? [] : [names.join(delimiter)]),
        ...lines.flatMap((line) => (options.comment === undefined ? [line] : [`${options.comment} ${quote}`, line])),
        '',
      ].join(lineEnd);
      // A file is read with carriage returns as line ends only if it has no line feed.
      fc.pre(lineEnd !== '\r' || !text.includes('\n'));
      const bytes = encoding === 'utf-8' ? Buffer.from(text) : iconv.encode(text, encoding);
      const header = headerRow === true ? true : names;
      const config = { ...options, header, types: 'text' as const };
      const found = await read(bytes, chunk, {
        ...config,
        ...(headerRow === 'replace' ? { headerRow } : {}),
      });
      expect(found).toEqual(rows);
    }),
    { numRuns: 400 },
  );
});

const anyText = fc
  .array(
    fc.constantFrom('a', 'b,', '"', '""', ',', '\n', '\r\n', '\r', ' ', '#', '1', '\\', 'é', '😀', '"x",', ',"y"\n'),
    {
      maxLength: 40,
    },
  )
  .map((pieces) => pieces.join(''));
const anyConfig = fc.record({
  relaxQuotes: fc.boolean(),
  trim: fc.boolean(),
  ragged: fc.constantFrom('reject' as const, 'pad' as const),
  comment: fc.constantFrom(undefined, '#'),
  escape: fc.constantFrom(undefined, '\\'),
  types: fc.constantFrom('text' as const, 'guess' as const),
  header: fc.constantFrom(false, ['c0', 'c1'], ['c0']),
});

test('the places where bytes are cut never change the result, even for broken rows', async () => {
  await fc.assert(
    fc.asyncProperty(anyText, anyConfig, fc.integer({ min: 1, max: 20 }), async (text, config, size) => {
      const bytes = Buffer.from(text);
      // The first line end decides how lines end.
      fc.pre(text.includes('\n') || !text.includes('\r'));
      const attempt = (chunk: number) => read(bytes, chunk, config).catch((error: Error) => error.message);
      expect(await attempt(size)).toEqual(await attempt(bytes.length + 1));
    }),
    { numRuns: 1000 },
  );
});

test('the compiled parser finds the same rows as the general reader and csv-parse', async () => {
  await fc.assert(
    fc.asyncProperty(anyText, async (body) => {
      const text = `x,y\n${body}`;
      const config = { ...sourceConfig.parse({ url: 'x.csv' }), encoding: 'utf-8' as const };
      const reader = rowReader(text, csvDialect(config, { name: 'x.csv', separator: undefined, lineEnd: '\n' }));
      const general: (string | null)[][] = [];
      for (let at = 4; at < text.length; ) {
        const passed = reader.passLine(at, true, true);
        if (passed > at) {
          at = passed;
          continue;
        }
        const row = reader.read(at, true);
        fc.pre(row.kind === 'row');
        if (row.cells.length === 2)
          general.push(row.cells.map((text, index) => (text === '' && !row.quoted[index] ? null : text)));
        at = row.end;
      }
      const found = await read(Buffer.from(text), text.length + 100, { types: 'text' });
      expect(found.filter((row) => Array.isArray(row))).toEqual(general);
      const rows = parse(text, {
        relax_column_count: true,
        skip_empty_lines: true,
        record_delimiter: ['\r\n', '\n'],
        from: 2,
        cast: (cell, { quoting }) => (cell === '' && !quoting ? null : cell),
      }) as (string | null)[][];
      expect(general).toEqual(rows.filter(({ length }) => length === 2));
    }),
    { numRuns: 1000 },
  );
});
