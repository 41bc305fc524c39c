import { rawNumber } from '@aries-data/formats';
import { type JsonRecord, withOrigin } from '@aries-data/sdk';
import { describe, expect, test } from 'vitest';
import { transform } from './select.ts';
import { run, schemaOf } from './testing.ts';

const input = schemaOf({ id: 'int64', name: 'string', 'lat?': 'string', born: 'string' });
const zurich = { id: '1', name: ' Zürich ', lat: '47.37', born: '1291-08-01' };
const unknown = { id: '2', name: 'Nowhere', lat: null, born: '2000-01-01' };

async function select(config: unknown, records: JsonRecord[] = [zurich, unknown], typed = true) {
  return run(transform, [records], typed ? { config, input } : { config });
}

/** Returns the error for an invalid config. */
async function refusal(config: unknown, typed = true) {
  const error = await select(config, undefined, typed).catch((thrown) => thrown);
  return error.issues === undefined ? `${error.code}: ${error.message} ${error.hint}` : error.issues[0].message;
}

describe('output', () => {
  test('keep orders the columns', async () => {
    const { records, schema } = await select({ keep: ['name', 'id'] });
    expect(records.map((record) => Object.entries(record))).toEqual([
      [
        ['name', ' Zürich '],
        ['id', '1'],
      ],
      [
        ['name', 'Nowhere'],
        ['id', '2'],
      ],
    ]);
    expect(schema).toEqual({
      type: 'object',
      properties: { name: { type: 'string' }, id: { type: 'string', format: 'int64' } },
      required: ['name', 'id'],
      additionalProperties: false,
    });
    expect(Object.keys(schema!.properties)).toEqual(['name', 'id']);
  });

  test('drop leaves the rest as it is', async () => {
    const { records } = await select({ drop: ['name', 'born'] });
    expect(records).toEqual([
      { id: '1', lat: '47.37' },
      { id: '2', lat: null },
    ]);
  });

  test('all options use the names from before rename', async () => {
    const { records, schema } = await select({
      keep: ['lat', 'name'],
      rename: { lat: 'latitude', name: 'lat' },
      cast: { lat: 'number' },
      trim: ['name'],
    });
    expect(records).toEqual([
      { latitude: 47.37, lat: 'Zürich' },
      { latitude: null, lat: 'Nowhere' },
    ]);
    expect(schema!.properties).toEqual({ latitude: { type: ['number', 'null'] }, lat: { type: 'string' } });
  });

  test('trim comes before cast, and a default is cast', async () => {
    const records = [
      { id: '1', name: 'a', lat: ' 1.5 ', born: 'x' },
      { id: '2', name: 'b', born: 'x' },
      { id: '3', name: 'c', lat: null, born: 'x' },
    ];
    const out = await select({ keep: ['lat'], trim: true, cast: { lat: 'decimal' }, default: { lat: 0 } }, records);
    expect(out.records).toEqual([{ lat: '1.5' }, { lat: '0' }, { lat: '0' }]);
    expect(out.schema).toMatchObject({ properties: { lat: { type: 'string', format: 'decimal' } }, required: ['lat'] });
  });

  test('a default removes null from the schema', async () => {
    const { schema, records } = await select({ keep: ['lat'], default: { lat: 'none' } });
    expect(schema).toMatchObject({ properties: { lat: { type: 'string' } }, required: ['lat'] });
    expect(records).toEqual([{ lat: '47.37' }, { lat: 'none' }]);
  });

  test('a cast keeps the description, and the schema of a field that has the type already', async () => {
    const price = { type: 'string', format: 'decimal', precision: 10, scale: 2 };
    const at = { type: 'string', format: 'date-time', zone: 'none' as const, description: 'When' };
    const ctx = {
      input: { type: 'object' as const, properties: { price, at }, required: [] },
      config: { cast: { price: 'decimal', at: 'date-time' } },
    };
    const { schema } = await run(transform, [[{ price: '1.50', at: '2024-01-01T10:00:00' }]], ctx);
    expect(schema!.properties).toEqual({
      price,
      at: { type: ['string', 'null'], format: 'date-time', description: 'When' },
    });
  });

  test('batches stay batches, and an empty config changes nothing', async () => {
    const { batches } = await run(transform, [[zurich], [], [unknown]], { input });
    expect(batches).toEqual([[zurich], [], [unknown]]);
  });
});

describe('records that cannot be cast', () => {
  test('are rejected unchanged, with field, value and origin', async () => {
    const bad = { ...zurich, lat: 'abc' };
    const batch = withOrigin([zurich, bad, unknown], (index) => `cities.csv:${index + 2}`);
    const { records, rejected } = await run(transform, [batch], { input, config: { cast: { lat: 'number' } } });
    expect(records.map((record) => record.id)).toEqual(['1', '2']);
    expect(rejected).toEqual([{ reason: '"lat": "abc" is not a number', origin: 'cities.csv:3', record: bad }]);
  });

  test('are identified by their number if the source gives no origin', async () => {
    const { rejected } = await run(transform, [[zurich], [unknown, { ...zurich, born: 'x' }]], {
      input,
      config: { cast: { born: 'date' } },
    });
    expect(rejected[0]!.origin).toBe('record 3');
  });

  test('origins stay with the records that are kept', async () => {
    const batch = withOrigin(
      [
        { ...zurich, lat: 'x' },
        { ...zurich, lat: '1' },
      ],
      (index) => `line ${index}`,
    );
    const first = await run(transform, [batch], { input, config: { cast: { lat: 'number' } } });
    const second = await run(transform, first.batches, { config: { cast: { born: 'integer' } } });
    expect(second.rejected[0]!.origin).toBe('line 1');
  });
});

describe('while the input is being inferred', () => {
  test('fields without a column pass through', async () => {
    const records = [
      { a: 1, b: ' x ', c: true },
      { d: 4, a: null },
    ];
    const { records: out } = await run(transform, [records], {
      config: { rename: { a: 'z' }, drop: ['c'], trim: true, default: { a: 0 } },
    });
    expect(out).toEqual([
      { z: 1, b: 'x' },
      { d: 4, z: 0 },
    ]);
  });

  test('numbers that a double cannot hold are cast exactly', async () => {
    const records = [{ n: rawNumber('12345678901234567890') }, { n: 5 }];
    const decimals = await run(transform, [records], { config: { cast: { n: 'decimal' } } });
    expect(decimals.records).toEqual([{ n: '12345678901234567890' }, { n: '5' }]);
    const int64s = await run(transform, [records], { config: { cast: { n: 'int64' } } });
    expect(int64s.rejected[0]!.reason).toBe('"n": 12345678901234567890 is too large for int64: cast it to decimal');
  });

  test('names are checked once the schema is final', async () => {
    const { records } = await select({ keep: ['id', 'nam'] }, undefined, false);
    expect(records).toEqual([{ id: '1' }, { id: '2' }]);
    expect(await refusal({ keep: ['id', 'nam'] })).toBe(
      'CONFIG_INVALID: keep names the field "nam", which the input does not have Did you mean "name"?',
    );
  });

  test('a stream without records says nothing about its fields', async () => {
    const empty = { type: 'object' as const, properties: {}, required: [] };
    expect((await run(transform, [], { input: empty, config: { keep: ['id'] } })).schema).toEqual(empty);
  });

  test('a rename to an existing field is refused', async () => {
    expect(await refusal({ rename: { id: 'name' } }, false)).toBe(
      'CONFIG_INVALID: the fields "id" and "name" would both be named "name" Rename or drop one of them.',
    );
  });
});

test('a loose schema lets undeclared fields pass', async () => {
  const loose = { ...input, additionalProperties: true };
  const { records, schema } = await run(transform, [[{ ...zurich, extra: '5' }]], {
    input: loose,
    config: { cast: { extra: 'integer' } },
  });
  expect(records).toEqual([{ ...zurich, extra: 5 }]);
  expect(schema).toMatchObject({ additionalProperties: true, properties: { extra: { type: ['integer', 'null'] } } });
});

test('inherited names and __proto__ are ordinary names', async () => {
  const record = JSON.parse('{"__proto__": "a", "constructor": "b", "toString": "c"}') as JsonRecord;
  const names = ['__proto__', 'constructor', 'toString'];
  const fixed = await run(transform, [[record, {}]], { config: { keep: names } });
  expect(fixed.records.map((out) => JSON.stringify(out))).toEqual([JSON.stringify(record), '{}']);
  const open = await run(transform, [[record, {}]], {
    config: { rename: { toString: '__proto__', constructor: 'toString' }, drop: ['__proto__'] },
  });
  expect(open.records.map((out) => JSON.stringify(out))).toEqual(['{"toString":"b","__proto__":"c"}', '{}']);
  expect(await refusal(JSON.parse('{"rename": {"__proto__": "x"}}'))).toBe(
    'a field named __proto__ cannot be given here',
  );
});

test('names are data, never code', async () => {
  const name = '"];throw new Error("run");//\u2028`\\';
  const { records } = await run(transform, [[{ [name]: 1 }]], {
    config: { keep: [name], rename: { [name]: `${name}2` } },
  });
  expect(records).toEqual([{ [`${name}2`]: 1 }]);
});

describe('invalid configs', () => {
  test.each([
    [{ keep: ['id'], drop: ['name'] }, 'keep and drop cannot be combined: give one of them'],
    [{ keep: ['id', 'id'] }, 'keep names "id" twice'],
    [{ drop: ['lat'], cast: { lat: 'number' } }, 'cast names "lat", which drop leaves out'],
    [
      { keep: ['latitude'], rename: { lat: 'latitude' } },
      'rename names "lat", which keep does not list (all options use the names from before `rename`)',
    ],
    [
      { cast: { lat: 'float' } },
      'Invalid option: expected one of "string"|"integer"|"number"|"boolean"|"int64"|"decimal"|"date"|"time"|"date-time"|"uuid"|"json"',
    ],
    [
      { cast: { lattitude: 'number' } },
      'CONFIG_INVALID: cast names the field "lattitude", which the input does not have Its fields are "id", "name", "lat", "born".',
    ],
    [
      { rename: { id: 'x', name: 'x' } },
      'CONFIG_INVALID: the fields "id" and "name" would both be named "x" Rename or drop one of them.',
    ],
    [
      { cast: { lat: 'number' }, default: { lat: 'n/a' } },
      'CONFIG_INVALID: default: "lat": "n/a" is not a number Give a value of type number.',
    ],
    [{ default: { lat: 2 ** 60 } }, 'has more digits than a number can hold: write it in quotes'],
    [{ trim: ['id'] }, 'CONFIG_INVALID: trim names "id", which is int64, not text Remove it from the list.'],
    [{ drop: ['id', 'name', 'lat', 'born'] }, 'CONFIG_INVALID: drop leaves no field Keep at least one.'],
  ])('%j', async (config, message) => {
    expect(await refusal(config)).toBe(message);
  });
});
