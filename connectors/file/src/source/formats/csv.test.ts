import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sourceConfig } from '../../config.ts';
import { failure, folderWith, read } from '../../testing/read.ts';
import { readCsv } from './csv.ts';

async function csv(
  text: string | Uint8Array,
  config: Parameters<typeof read>[0] extends infer C ? Omit<C, 'url'> : never = {},
) {
  const folder = await folderWith({ 'x.csv': text });
  const result = await read({ url: `${folder}/x.csv`, ...config });
  return {
    texts: result.texts,
    rejected: result.rejections.map(
      ({ origin, reason, record }) => `${origin.slice(folder.length + 1)} ${JSON.stringify(record)}: ${reason}`,
    ),
  };
}

describe('cells', () => {
  test.each([
    ['1', '1'],
    ['-17', '-17'],
    ['007', '"007"'],
    ['-0', '"-0"'],
    ['-0.00', '"-0.00"'],
    ['-0.01', '-0.01'],
    ['0', '0'],
    ['0.00', '0.00'],
    ['+1', '"+1"'],
    ['1.50', '1.50'],
    ['1.', '"1."'],
    ['.5', '".5"'],
    ['1e5', '"1e5"'],
    ['713752E1', '"713752E1"'],
    ['1.5e3', '"1.5e3"'],
    ['1_000', '"1_000"'],
    ['"1,5"', '"1,5"'],
    ['1.2.3', '"1.2.3"'],
    ['-', '"-"'],
    ['-.5', '"-.5"'],
    ['00', '"00"'],
    ['٣', '"٣"'],
    ['9007199254740991', '9007199254740991'],
    ['9007199254740993', '9007199254740993'],
    ['12345678901234567890', '12345678901234567890'],
    ['1e400', '"1e400"'],
    ['Infinity', '"Infinity"'],
    ['NaN', '"NaN"'],
    ['0x10', '"0x10"'],
    ['1 ', '"1 "'],
    ['true', 'true'],
    ['TRUE', '"TRUE"'],
    ['yes', '"yes"'],
    ['t', '"t"'],
    ['null', '"null"'],
    ['2024-01-31', '"2024-01-31"'],
    ['"1"', '1'],
    ['', 'null'],
    ['""', '""'],
    ['"a ""b"", c\nd"', '"a \\"b\\", c\\nd"'],
    [' a ', '" a "'],
  ])('%j is %s', async (cell, json) => {
    expect(await csv(`id,cell\n0,${cell}\n`)).toEqual({ texts: [`{"id":0,"cell":${json}}`], rejected: [] });
  });

  test('as text', async () => {
    expect((await csv('a,b,c\n1,true,\n', { types: 'text' })).texts).toEqual(['{"a":"1","b":"true","c":null}']);
  });

  test('NaN and the infinities are numbers on request, in exactly these spellings', async () => {
    const folder = await folderWith({ 'x.csv': 'a,b\n1,NaN\nNaN,nan\n-Infinity,Infinity\n' });
    expect((await read({ url: `${folder}/x.csv`, allowNaN: true })).records).toEqual([
      { a: 1, b: Number.NaN },
      { a: Number.NaN, b: 'nan' },
      { a: Number.NEGATIVE_INFINITY, b: Number.POSITIVE_INFINITY },
    ]);
  });

  test('a null value is null only without quotes', async () => {
    expect((await csv('a,b\n"x""y",z\n', { nulls: ['x"y', 'z'] })).texts).toEqual(['{"a":"x\\"y","b":null}']);
    expect((await csv('a,b,c,d\nNULL,"NULL",,""\n', { nulls: ['NULL'] })).texts).toEqual([
      '{"a":null,"b":"NULL","c":"","d":""}',
    ]);
  });

  test('in a text column, a cell is its exact text again', async () => {
    const number = fc.oneof(fc.integer(), fc.double({ noNaN: true }), fc.bigInt()).map(String);
    const cell = fc.oneof(
      number,
      fc.stringMatching(/^-?0*\d{1,25}(\.\d{0,20})?([eE][-+]?\d{1,3})?$/),
      fc.constantFrom('true', 'false', '-0', '-0.0', '1e5'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(cell, { minLength: 1, maxLength: 30 }), async (cells) => {
        const { texts } = await csv(`id,cell\n${cells.map((text) => `0,${text}\n`).join('')}`);
        // In a text column the engine writes a number as its JSON.
        expect(texts.map((text) => /"cell":"?([^"]*)"?\}$/.exec(text)?.[1])).toEqual(cells);
      }),
      { numRuns: 50 },
    );
  });
});

test('any table is read back exactly, wherever it is cut into chunks and blocks', async () => {
  const cell = fc.oneof(fc.constant(null), fc.string({ unit: fc.constantFrom(...'ab",;\n\r\t\\ é😀\u{fffd}') }));
  const table = fc
    .integer({ min: 2, max: 4 })
    .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }));
  const options = fc.record({
    lineEnd: fc.constantFrom('\n', '\r\n'),
    chunkBytes: fc.integer({ min: 1, max: 40 }),
  });
  await fc.assert(
    fc.asyncProperty(table, options, async (rows, { lineEnd, chunkBytes }) => {
      const text = stringify(rows, { quoted_match: /^$/, record_delimiter: lineEnd, quote_record_delimiter: true });
      const config = { ...sourceConfig.parse({ url: 'x.csv', header: false }), encoding: 'utf-8' as const };
      const read: unknown[] = [];
      for await (const { items } of readCsv(chunksOf(text, chunkBytes), { name: 'x.csv', config, skip: 0 }))
        read.push(...items.flat());
      expect(read).toEqual(
        rows.map((row) => Object.fromEntries(row.map((value, index) => [`column_${index + 1}`, value]))),
      );
    }),
    { numRuns: 1000 },
  );
});

async function* chunksOf(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('the header', () => {
  test('empty names are generated, others are kept', async () => {
    expect((await csv('\u{feff}a,,A,__proto__\n1,2,3,4\n')).texts).toEqual([
      '{"a":1,"column_2":2,"A":3,"__proto__":4}',
    ]);
  });

  test('no header', async () => {
    expect((await csv('1,2\n3,4\n', { header: false })).texts).toEqual([
      '{"column_1":1,"column_2":2}',
      '{"column_1":3,"column_2":4}',
    ]);
    expect((await csv('1,2\n3,4\n', { header: ['a', 'b'] })).texts).toEqual(['{"a":1,"b":2}', '{"a":3,"b":4}']);
  });

  test('a header and nothing else, or nothing at all', async () => {
    expect(await csv('a,b\n')).toEqual({ texts: [], rejected: [] });
    expect(await csv('a,b')).toEqual({ texts: [], rejected: [] });
    expect(await csv('')).toEqual({ texts: [], rejected: [] });
    expect(await csv('\n\n')).toEqual({ texts: [], rejected: [] });
  });

  test.each([
    [
      'a,b,a\n1,2,3\n',
      'x.csv: in the header, two columns are both named "a" — Rename one, or set the names with "header": ["…"] and "headerRow": "replace".',
    ],
    [
      'a,"b\n1,2\n',
      'x.csv:1: the first line cannot be read: a quote is never closed — Check "delimiter", "quote", "escape" and "skipLines".',
    ],
    [
      'a,"b"c\n1,2\n',
      'x.csv:1: the first line cannot be read: a closing quote is followed by something other than a delimiter — Check "delimiter", "quote", "escape" and "skipLines".',
    ],
    [
      Buffer.from('a,\xe9\n1,2\n', 'latin1'),
      'x.csv: in the header, it contains bytes that are not utf-8 — Set "encoding" to the encoding of the file.',
    ],
  ])('%j', async (text, message) => {
    const folder = await folderWith({ 'x.csv': text });
    expect((await failure(read({ url: `${folder}/x.csv` }))).replaceAll(`${folder}/`, '')).toBe(
      `DATA_INVALID: ${message}`,
    );
  });
});

describe('rows that are broken', () => {
  test('too few or too many cells', async () => {
    expect(await csv('a,b\n1\n1,2\n\n1,2,3\n1,\n')).toMatchInlineSnapshot(`
      {
        "rejected": [
          "x.csv:2 "1": it has 1 cell, the header has 2",
          "x.csv:5 "1,2,3": it has 3 cells, the header has 2",
        ],
        "texts": [
          "{"a":1,"b":2}",
          "{"a":1,"b":null}",
        ],
      }
    `);
  });

  test('invalid quotes reject only their own line', async () => {
    const text = [
      'a,b',
      '1,"x"y',
      '2,"fine',
      'still fine"',
      '3,5" pipe',
      '4,ok',
      '5,"never closed',
      '6,ok',
      '7,"a ""b"""',
      '8,ok',
    ].join('\n');
    expect(await csv(text)).toMatchInlineSnapshot(`
      {
        "rejected": [
          "x.csv:2 "1,\\"x\\"y": a closing quote is followed by something other than a delimiter",
          "x.csv:5 "3,5\\" pipe": a quote is in the middle of an unquoted cell",
          "x.csv:7 "5,\\"never closed": a closing quote is followed by something other than a delimiter",
        ],
        "texts": [
          "{"a":2,"b":"fine\\nstill fine"}",
          "{"a":4,"b":"ok"}",
          "{"a":6,"b":"ok"}",
          "{"a":7,"b":"a \\"b\\""}",
          "{"a":8,"b":"ok"}",
        ],
      }
    `);
  });

  test('a quote that is never closed cannot swallow more than the longest record', async () => {
    const rows = Array.from({ length: 40_000 }, (_, index) => `${index},text of row ${index}`);
    rows[5] = '5,"open';
    const { texts, rejected } = await csv(`a,b\n${rows.join('\n')}\n`, { maxRecordBytes: 300_000 });
    expect(texts).toHaveLength(39_999);
    expect(rejected).toEqual(['x.csv:7 "5,\\"open": a quote is never closed']);
  });

  test('bytes that are not UTF-8, and a real U+FFFD', async () => {
    const bytes = Buffer.from('a,b\n1,é\n2,?\n3,\u{fffd}\n');
    bytes[bytes.indexOf('?')] = 0xe9;
    expect(await csv(bytes)).toEqual({
      texts: ['{"a":1,"b":"é"}', '{"a":3,"b":"\u{fffd}"}'],
      rejected: ['x.csv:3 "2,\u{fffd}": it contains bytes that are not utf-8'],
    });
  });

  test('a record that is too long, and a line that never ends', async () => {
    const text = `a,b\n1,x\n2,${'x'.repeat(2000)}\n3,y\n`;
    const { texts, rejected } = await csv(text, { maxRecordBytes: 1000 });
    expect(texts).toEqual(['{"a":1,"b":"x"}', '{"a":3,"b":"y"}']);
    expect(rejected.map((line) => line.replace(/x{9,}/, 'x…'))).toEqual([
      'x.csv:3 "2,x…": it is longer than 1000 bytes',
    ]);
    const folder = await folderWith({ 'x.csv': `a,b\n1,${'x'.repeat(600_000)}` });
    expect(await failure(read({ url: `${folder}/x.csv`, maxRecordBytes: 1000 }))).toBe(
      `DATA_INVALID: ${folder}/x.csv:2 is longer than 1000 bytes — Check that this is a csv file. If its lines really are that long, raise "maxRecordBytes".`,
    );
  });

  test('lines are counted through quotes, CRLF and blank lines', async () => {
    const rows = ['a,b', '1,"two', 'lines"', '', 'short', '3,"', '', '"', 'short too'];
    for (const lineEnd of ['\n', '\r\n']) {
      expect((await csv(rows.join(lineEnd))).rejected.map((line) => line.split(' ')[0])).toEqual([
        'x.csv:5',
        'x.csv:9',
      ]);
    }
  });
});

describe('dialects', () => {
  test.each([
    ['semicolons', 'a;b\n1;"x;y"\n', { delimiter: ';' }],
    ['a long delimiter', 'a||b\n1||x;y\n', { delimiter: '||' }],
    ['single quotes', "a,b\n1,'x;y'\n", { quote: "'" }],
    ['carriage returns', 'a,b\r1,x;y\r', {}],
    ['UTF-16', Buffer.from('\u{feff}a,b\r\n1,x;y\r\n', 'utf16le'), { encoding: 'utf-16le' as const }],
  ])('%s', async (_, text, config) => {
    expect(await csv(text, config)).toEqual({ texts: ['{"a":1,"b":"x;y"}'], rejected: [] });
  });

  test('a separate escape character, and no quotes at all', async () => {
    expect((await csv('a,b\n1,"x \\"y\\" \\\\"\n', { escape: '\\' })).texts).toEqual(['{"a":1,"b":"x \\"y\\" \\\\"}']);
    expect((await csv('a,b\n1,5" pipe\n', { quote: '' })).texts).toEqual(['{"a":1,"b":"5\\" pipe"}']);
  });

  test('tabs in .tsv files', async () => {
    const folder = await folderWith({ 'x.tsv': 'a\tb\n1\tx,y\n' });
    expect((await read({ url: `${folder}/x.tsv` })).texts).toEqual(['{"a":1,"b":"x,y"}']);
  });

  test('with a single column, an empty line is null', async () => {
    expect((await csv('a\nx\n\n""\ny\n')).texts).toEqual(['{"a":"x"}', '{"a":null}', '{"a":""}', '{"a":"y"}']);
  });
});

test('rows of many blocks, and an interrupted read', async () => {
  const rows = Array.from({ length: 30_000 }, (_, index) =>
    index % 1000 === 9 ? 'broken' : `${index},"text, of\n""row"" ${index}",`,
  );
  const folder = await folderWith({ 'x.csv': `id,text,none\n${rows.join('\n')}` });
  const whole = await read({ url: `${folder}/x.csv` });
  expect(whole.records).toHaveLength(29_970);
  expect(whole.records[12_345]).toEqual({ id: 12_358, text: 'text, of\n"row" 12358', none: null });
  expect(whole.rejected[0]).toBe(`${folder}/x.csv:20: it has 1 cell, the header has 3`);
  expect(whole.rejected[29]).toBe(`${folder}/x.csv:${1 + 1 + 29_009 * 2 - 29}: it has 1 cell, the header has 3`);
  for (const { position, after } of whole.checkpoints) {
    const rest = await read({ url: `${folder}/x.csv` }, { position });
    expect(rest.records.length + rest.rejected.length).toBe(30_000 - after);
    expect(rest.texts).toEqual(whole.texts.slice(whole.texts.length - rest.texts.length));
  }
});
