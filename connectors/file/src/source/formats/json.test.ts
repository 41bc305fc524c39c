import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failure, folderWith, read } from '../../testing/read.ts';
import { readJson } from './json.ts';

const CONFIG = { records: '', encoding: 'utf-8', maxRecordBytes: 1_000_000 } as const;

const CUT_OFF = 'It may have been cut off while it was written or copied.';
const CORRECT = 'Correct the file, or set "format" if it is not json.';
const CHECK = 'Check "records", a JSON pointer such as /data/items.';

async function* chunksOf(text: string, places: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < at.length; i++) yield bytes.subarray(at[i - 1], at[i]);
}

/** Reads the elements of a document in order, records or not, or returns that it is not JSON. */
async function elements(text: string, places: readonly number[]): Promise<unknown[] | 'not JSON'> {
  const found: unknown[] = [];
  try {
    const options = { name: 'x.json', config: CONFIG, skip: 0, reopen: async () => chunksOf(text, []) };
    for await (const { items } of readJson(chunksOf(text, places), options)) {
      for (const item of items) {
        if (Array.isArray(item)) found.push(...item);
        else if ('reason' in item) found.push(item.record);
      }
    }
    return found;
  } catch (error) {
    if ((error as { code?: string }).code !== 'DATA_INVALID') throw error;
    return 'not JSON';
  }
}

/** Splits consecutive documents with JSON.parse: each ends where the text so far first is JSON. */
function parsed(text: string): unknown[] | 'not JSON' {
  const found: unknown[] = [];
  let start = 0;
  for (let end = 1; end <= text.length; end++) {
    let value: unknown;
    try {
      value = JSON.parse(text.slice(start, end));
    } catch {
      continue;
    }
    if (typeof value !== 'object' || value === null) return 'not JSON';
    found.push(...(Array.isArray(value) ? value : [value]));
    start = end;
  }
  return start > 0 && /^[ \t\r\n]*$/.test(text.slice(start)) ? found : 'not JSON';
}

/** Converts numbers to doubles, to compare with JSON.parse. */
function asDoubles(json: unknown): string {
  return JSON.stringify(JSON.parse(JSON.stringify(json)));
}

const value = fc
  .jsonValue({ maxDepth: 4, noUnicodeString: false })
  .filter((json) => !JSON.stringify(json).includes('e-'));
const spaces = fc.constantFrom(undefined, 1, '\t');
const places = fc.array(fc.nat(), { maxLength: 8 });

describe('any document, cut at any bytes', () => {
  test('gives what JSON.parse gives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(value, { maxLength: 8 }), spaces, places, async (document, space, cuts) => {
        const text = JSON.stringify(document, null, space);
        expect(asDoubles(await elements(text, cuts))).toBe(JSON.stringify(parsed(text)));
      }),
      { numRuns: 1000 },
    );
  });

  test('is refused where JSON.parse refuses it', async () => {
    const damage = fc.record({
      at: fc.nat(),
      remove: fc.nat({ max: 3 }),
      insert: fc.string({ unit: fc.constantFrom(...'[]{},:"\\ 01.e-+tfn\n\u{0}'), maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(value, { maxLength: 3 }), { minLength: 1, maxLength: 2 }),
        damage,
        places,
        async (document, { at, remove, insert }, cuts) => {
          const whole = document.map((items) => JSON.stringify(items)).join('\n');
          const start = at % (whole.length + 1);
          const text = (whole.slice(0, start) + insert + whole.slice(start + remove)).toWellFormed();
          const expected = parsed(text);
          // Duplicate names are rejected here but lost by JSON.parse.
          fc.pre(expected === 'not JSON' || !/"([^"]*)":.*"\1":/.test(text));
          expect(asDoubles(await elements(text, cuts))).toBe(JSON.stringify(expected));
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('exactness', () => {
  test.each([
    ['[{"a":12345678901234567890}]', '{"a":12345678901234567890}'],
    ['[{"a":9007199254740993}]', '{"a":9007199254740993}'],
    ['[{"a":1e400,"b":-1e-400}]', '{"a":1e400,"b":-1e-400}'],
    ['[{"a":0.1,"b":1.5e3,"c":123456789.123456789}]', '{"a":0.1,"b":1500,"c":123456789.123456789}'],
    ['[{"__proto__":{"a":1},"b":2}]', '{"__proto__":{"a":1},"b":2}'],
    ['[{"a":{"__proto__":"x"}}]', '{"a":{"__proto__":"x"}}'],
    ['[{"constructor":1,"toString":2,"hasOwnProperty":3}]', '{"constructor":1,"toString":2,"hasOwnProperty":3}'],
    ['[{"Name":1,"name":2,"NAME":3}]', '{"Name":1,"name":2,"NAME":3}'],
    ['[{"a":[],"b":{},"c":[[]],"d":null}]', '{"a":[],"b":{},"c":[[]],"d":null}'],
    ['[{"a":"\\u0000\\ud83d\\ude00\\"\\\\\\/\\b"}]', JSON.stringify({ a: '\u{0}😀"\\/\b' })],
    ['[{"a":"\\ud800"}]', '{"a":"\\ud800"}'],
    ['[{"":1," ":2}]', '{"":1," ":2}'],
    ['{"a":1}', '{"a":1}'],
  ])('%s', async (document, text) => {
    const folder = await folderWith({ 'x.json': document });
    expect(await read({ url: `${folder}/x.json` })).toMatchObject({ texts: [text], rejected: [] });
  });

  test('in an array of mixed types, values that are not objects are rejected with their place', async () => {
    const folder = await folderWith({
      'x.json': '[{"a":1},2,"x",null,[{}],{"a":1,"a":2},{"b":{"c":1,"c":{"d":2}}},1e400,{"a":3}]',
    });
    const { texts, rejections } = await read({ url: `${folder}/x.json` });
    expect(texts).toEqual(['{"a":1}', '{"a":3}']);
    expect(
      rejections.map(({ origin, ...rest }) => ({ origin: origin.slice(folder.length + 1), ...rest })),
    ).toMatchInlineSnapshot(`
      [
        {
          "origin": "x.json#/1",
          "reason": "expected an object, found a number",
          "record": 2,
        },
        {
          "origin": "x.json#/2",
          "reason": "expected an object, found a string",
          "record": "x",
        },
        {
          "origin": "x.json#/3",
          "reason": "expected an object, found null",
          "record": null,
        },
        {
          "origin": "x.json#/4",
          "reason": "expected an object, found an array",
          "record": [
            {},
          ],
        },
        {
          "origin": "x.json#/5",
          "reason": "the name "a" occurs twice in one object",
          "record": {
            "a": 1,
            "a (2)": 2,
          },
        },
        {
          "origin": "x.json#/6",
          "reason": "the name "c" occurs twice in one object",
          "record": {
            "b": {
              "c": 1,
              "c (2)": {
                "d": 2,
              },
            },
          },
        },
        {
          "origin": "x.json#/7",
          "reason": "expected an object, found a number",
          "record": {
            "rawJSON": "1e400",
          },
        },
      ]
    `);
  });

  test('values nested too deeply are rejected, and reading continues', async () => {
    const nested = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    const folder = await folderWith({ 'x.json': `[${nested(1000)},${nested(1001)},${nested(100_000)},{"b":1}]` });
    const { records, rejected } = await read({ url: `${folder}/x.json` });
    expect(records).toHaveLength(2);
    expect(rejected).toEqual(
      [1, 2].map((index) => `${folder}/x.json#/${index}: it is nested more than 1000 levels deep`),
    );
  });

  test('a record with bytes that are not UTF-8 is rejected, never changed', async () => {
    const bytes = Buffer.from('[{"a":"é"},{"a":"x"},{"b\u{fffd}":"\u{fffd}"}]', 'utf8');
    bytes[bytes.indexOf('x')] = 0xe9;
    const folder = await folderWith({ 'x.json': bytes });
    const { texts, rejections } = await read({ url: `${folder}/x.json` });
    expect(texts).toEqual(['{"a":"é"}', '{"b\u{fffd}":"\u{fffd}"}']);
    expect(rejections).toEqual([
      { origin: `${folder}/x.json#/1`, reason: 'it contains bytes that are not utf-8', record: { a: '\u{fffd}' } },
    ]);
  });
});

describe('a JSON pointer', () => {
  const document = JSON.stringify({
    meta: { items: [{ no: 1 }], count: 2 },
    data: { items: [{ id: 1 }, { id: 2 }], 'a/b~c': { id: 3 } },
    pages: [{ rows: [{ id: 4 }] }, { rows: [{ id: 5 }] }],
    after: [[[{}]]],
  });

  test.each([
    ['/data/items', ['{"id":1}', '{"id":2}']],
    ['/data/a~1b~0c', ['{"id":3}']],
    ['/pages/1/rows', ['{"id":5}']],
    ['/meta', ['{"items":[{"no":1}],"count":2}']],
    ['/after/0/0', ['{}']],
    ['', [document]],
  ])('%s', async (records, texts) => {
    const folder = await folderWith({ 'x.json': document });
    expect(await read({ url: `${folder}/x.json`, records })).toMatchObject({ texts, rejected: [] });
  });

  test('its place is part of the origin', async () => {
    const folder = await folderWith({ 'x.json': '{"data":{"items":[{"a":1},2]}}', 'y.json': '{"data":{"a":1,"a":1}}' });
    expect((await read({ url: `${folder}/x.json`, records: '/data/items' })).rejected).toEqual([
      `${folder}/x.json#/data/items/1: expected an object, found a number`,
    ]);
    expect((await read({ url: `${folder}/y.json`, records: '/data' })).rejected).toEqual([
      `${folder}/y.json#/data: the name "a" occurs twice in one object`,
    ]);
  });
});

describe('invalid documents', () => {
  test.each([
    ['', '', 'is empty — A JSON document without records is [].'],
    [' \n ', '', 'is empty — A JSON document without records is [].'],
    ['[{"a":1},\n {"a":2', '', `is an incomplete JSON document: it ends at byte 17, expected ',' — ${CUT_OFF}`],
    ['[{"a":1}', '', `is an incomplete JSON document: it ends at byte 8, expected ',' — ${CUT_OFF}`],
    ['[{"a":1},\n {"a" 2},\n {"a":3}, {"a":4}]', '', `is not JSON at line 2, column 7: expected ':' — ${CORRECT}`],
    ['[{"a":1}] and more', '', `is not JSON at line 1, column 11: expected a value — ${CORRECT}`],
    ['[{"a":1}]]', '', `is not JSON at line 1, column 10: unexpected token ']' — ${CORRECT}`],
    ['hello, this is no JSON', '', `is not JSON at line 1, column 1: expected a value — ${CORRECT}`],
    ['42', '', 'is a number, neither an array of records nor an object — If it is not json, set "format".'],
    ['"text"', '', 'is a string, neither an array of records nor an object — If it is not json, set "format".'],
    ['{"items":null}', '/items', `has null at /items, neither an array of records nor an object — ${CHECK}`],
    ['{"items":[]}', '/data/items', `has nothing at /data/items — ${CHECK}`],
    [
      '{"items":[{"a":1}],"items":[]}',
      '/items',
      `has two values at /items: a name occurs twice in one object — ${CHECK}`,
    ],
  ])('%j', async (document, records, message) => {
    const folder = await folderWith({ 'x.json': document });
    expect(await failure(read({ url: `${folder}/x.json`, records }))).toBe(`DATA_INVALID: ${folder}/x.json ${message}`);
  });

  test('a record that is too long ends the read before it fills the memory', async () => {
    const folder = await folderWith({ 'x.json': `{"data":[${'{"a":1},'.repeat(50_000)}{}]}` });
    expect(await failure(read({ url: `${folder}/x.json`, maxRecordBytes: 100_000 }))).toBe(
      `DATA_INVALID: ${folder}/x.json# is longer than 100000 bytes — If the records are deeper in the document, point to them with "records". Otherwise raise "maxRecordBytes".`,
    );
    expect((await read({ url: `${folder}/x.json`, records: '/data', maxRecordBytes: 100_000 })).records).toHaveLength(
      50_001,
    );
  });
});

test('an interrupted read resumes at any checkpoint, counting rejected records', async () => {
  const document = Array.from({ length: 10_000 }, (_, index) =>
    index % 7 === 3 ? index : { index, text: 'x'.repeat(30) },
  );
  const folder = await folderWith({ 'x.json': JSON.stringify(document) });
  const whole = await read({ url: `${folder}/x.json` });
  expect(whole.checkpoints.length).toBeGreaterThan(5);
  for (const { position, after } of whole.checkpoints) {
    const rest = await read({ url: `${folder}/x.json` }, { position });
    expect(rest.records.length + rest.rejected.length).toBe(10_000 - after);
    expect(rest.texts).toEqual(whole.texts.slice(whole.texts.length - rest.texts.length));
    expect(rest.rejected).toEqual(whole.rejected.slice(whole.rejected.length - rest.rejected.length));
  }
});

describe('consecutive documents', () => {
  const document = fc.oneof(
    fc.array(fc.dictionary(fc.string({ maxLength: 3 }), value, { maxKeys: 3 }), { maxLength: 3 }),
    fc.dictionary(fc.string({ maxLength: 3 }), value, { maxKeys: 3 }),
  );

  test('are read one after the other, wherever they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(document, spaces), { minLength: 1, maxLength: 5 }),
        fc.constantFrom('', ' ', '\n', '\r\n'),
        places,
        async (documents, between, cuts) => {
          const text = documents.map(([one, space]) => JSON.stringify(one, null, space)).join(between);
          const expected = documents.flatMap(([one]) => one);
          expect(asDoubles(await elements(text, cuts))).toBe(asDoubles(expected));
        },
      ),
      { numRuns: 100 },
    );
  });

  test.each([
    ['one after the other', '{"a":1}{"a":2}{"a":3}', 3, []],
    ['printed over lines', '{\n "a":1\n}\n{\n "a":2\n}\n', 2, []],
    ['after a byte order mark, with carriage returns alone', '\u{feff}{"a":1}\r{"a":"\u{2028}"}\r', 2, []],
    ['a line each, though the name says json', '{"a":1}\n{"a":2}\n', 2, []],
    ['arrays', '[{"a":1}]\n[{"a":2},7]', 2, ['x.json: record 3: expected an object, found a number']],
    [
      'an object with a name twice',
      '{"a":1}{"a":2,"a":3}',
      1,
      ['x.json: record 2: the name "a" occurs twice in one object'],
    ],
  ])('%s', async (_, text, count, rejections) => {
    const folder = await folderWith({ 'x.json': text });
    const { records, rejected } = await read({ url: `${folder}/x.json` });
    expect(records.length).toBe(count);
    expect(rejected.map((one) => one.slice(folder.length + 1))).toEqual(rejections);
  });

  test('each has its records at the pointer', async () => {
    const folder = await folderWith({
      'x.json': '{"n":2,"data":[{"a":1},{"a":2}]}\n{"data":[]}{"data":{"a":3}}',
      'y.json': '{"data":[]}\n{"items":[]}',
    });
    expect((await read({ url: `${folder}/x.json`, records: '/data' })).texts).toEqual([
      '{"a":1}',
      '{"a":2}',
      '{"a":3}',
    ]);
    expect(await failure(read({ url: `${folder}/y.json`, records: '/data' }))).toBe(
      `DATA_INVALID: ${folder}/y.json has nothing at /data in document 2 — ${CHECK}`,
    );
  });

  test('the last of them must be complete', async () => {
    const folder = await folderWith({ 'x.json': '{"a":1}{"a":' });
    expect(await failure(read({ url: `${folder}/x.json` }))).toContain('is an incomplete JSON document');
  });
});

describe('NaN and Infinity, which JSON lacks', () => {
  const files = {
    'x.json': '[{"a":NaN,"b":"NaN \\" Infinity"},{"a":-Infinity,"b":[1,NaN,{"c":Infinity}]}]',
    'x.ndjson': '{"a":NaN,"b":"NaN \\" Infinity"}\n{"a":-Infinity,"b":[1,NaN,{"c":Infinity}]}\n',
  };

  test.each(Object.keys(files))('%s: numbers on request', async (name) => {
    const folder = await folderWith(files);
    const { records, rejected } = await read({ url: `${folder}/${name}`, allowNaN: true });
    expect(rejected).toEqual([]);
    expect(records).toEqual([
      { a: Number.NaN, b: 'NaN " Infinity' },
      { a: Number.NEGATIVE_INFINITY, b: [1, 'NaN', { c: 'Infinity' }] },
    ]);
  });

  test('otherwise the error names the option', async () => {
    const folder = await folderWith(files);
    expect(await failure(read({ url: `${folder}/x.json` }))).toBe(
      `DATA_INVALID: ${folder}/x.json is not JSON at line 1, column 7: expected a value — JSON has no NaN or Infinity. To read them as numbers, set "allowNaN" to true.`,
    );
    expect((await read({ url: `${folder}/x.ndjson` })).rejected).toEqual(
      [1, 2].map(
        (line) =>
          `${folder}/x.ndjson:${line}: it is not JSON: it contains NaN or Infinity. To read them as numbers, set "allowNaN" to true`,
      ),
    );
  });

  test('allowNaN leaves all other text unchanged, wherever it is cut', async () => {
    const piece = fc.constantFrom(
      'NaN',
      '-Infinity',
      'Infinity',
      '"',
      '\\\\',
      '\\"',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '1',
      'null',
      'a',
      ' ',
      '-',
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((pieces) => `[{"a":${pieces.join('')}}]`),
      fc.array(value, { maxLength: 3 }).map((items) => JSON.stringify(items)),
    );
    const readWith = async (bytes: AsyncIterable<Uint8Array>) => {
      const found: unknown[] = [];
      const config = { ...CONFIG, allowNaN: true };
      try {
        for await (const { items } of readJson(bytes, { name: 'x.json', config, skip: 0 })) {
          for (const item of items) {
            if (Array.isArray(item)) found.push(...item);
            else if ('reason' in item) found.push(item.record);
          }
        }
        return found;
      } catch (error) {
        if ((error as { code?: string }).code !== 'DATA_INVALID') throw error;
        return 'not JSON';
      }
    };
    await fc.assert(
      fc.asyncProperty(text, places, async (json, cuts) => {
        const found = await readWith(chunksOf(json, cuts));
        const expected = parsed(json);
        if (expected !== 'not JSON' && !/"([^"]*)":.*"\1":/.test(json))
          expect(asDoubles(found)).toBe(asDoubles(expected));
        else expect(asDoubles(found)).toBe(asDoubles(await readWith(chunksOf(json, []))));
      }),
      { numRuns: 200 },
    );
  });
});
