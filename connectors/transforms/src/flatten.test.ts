import { rawNumber } from '@aries-data/formats';
import type { Json, JsonRecord, RecordSchema } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { transform } from './flatten.ts';
import { run, schemaOf } from './testing.ts';

const geo = schemaOf({ lat: 'number', 'lon?': 'number' });
const place = {
  ...schemaOf({ name: 'string' }),
  properties: { name: { type: 'string' }, geo },
  required: ['name', 'geo'],
};
const input = {
  type: 'object',
  properties: {
    id: { type: 'string', format: 'int64' },
    place: { ...place, type: ['object', 'null'] },
    tags: { type: 'array' },
  },
  required: ['id', 'place', 'tags'],
  additionalProperties: false,
} as unknown as RecordSchema;
const zurich = { id: '1', place: { name: 'Zürich', geo: { lat: 47.4, lon: 8.5 } }, tags: [{ a: 1 }] };

async function flatten(records: JsonRecord[], config: unknown = {}, schema?: RecordSchema) {
  return run(transform, [records], schema === undefined ? { config } : { config, input: schema });
}

async function failure(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (thrown) => thrown,
  );
  return `${error.code}: ${error.message} ${error.hint}`;
}

test('declared objects become columns, nullable if the object may lack them', async () => {
  const { records, schema } = await flatten([zurich, { id: '2', place: null, tags: [] }], {}, input);
  expect(records).toEqual([
    { id: '1', place_name: 'Zürich', place_geo_lat: 47.4, place_geo_lon: 8.5, tags: [{ a: 1 }] },
    { id: '2', tags: [] },
  ]);
  expect(schema).toEqual({
    type: 'object',
    properties: {
      id: { type: 'string', format: 'int64' },
      place_name: { type: 'string' },
      place_geo_lat: { type: 'number' },
      place_geo_lon: { type: ['number', 'null'] },
      tags: { type: 'array' },
    },
    required: ['id', 'tags'],
    additionalProperties: false,
  });
});

test.each([
  [{ separator: '.' }, ['id', 'place.name', 'place.geo.lat', 'place.geo.lon', 'tags']],
  [{ depth: 1 }, ['id', 'place_name', 'place_geo', 'tags']],
  [{ fields: ['place'], depth: 2 }, ['id', 'place_name', 'place_geo_lat', 'place_geo_lon', 'tags']],
])('%j', async (config, names) => {
  const typed = await flatten([zurich], config, input);
  expect(Object.keys(typed.schema!.properties)).toEqual(names);
  expect(Object.keys(typed.records[0]!)).toEqual(names);
  expect((await flatten([zurich], config)).records).toEqual(typed.records);
});

test('fields limits which objects are flattened', async () => {
  const { records } = await flatten([{ a: { x: 1 }, b: { a: { y: 2 } } }], { fields: ['b'] });
  expect(records).toEqual([{ a: { x: 1 }, b_a_y: 2 }]);
});

test('while the input is being inferred, the values show which fields are objects', async () => {
  const raw = rawNumber('12345678901234567890');
  const { records } = await flatten([{ a: null }, { a: { b: raw, c: {}, d: [] } }, { a: null, e: 1 }]);
  expect(records).toEqual([{ a: null }, { a_b: raw, a_d: [] }, { e: 1 }]);
});

test('an object that declares no fields leaves the schema to the records', async () => {
  const open = schemaOf({ id: 'integer', more: 'object' });
  const { schema, records } = await flatten([{ id: 1, more: { a: { b: 2 } } }], {}, open);
  expect(schema).toMatchObject({ properties: { id: { type: 'integer' } }, additionalProperties: true });
  expect(records).toEqual([{ id: 1, more_a_b: 2 }]);
  expect(
    (
      await flatten([{ id: 1, more: {} }], { fields: ['more'] }, schemaOf({ id: 'integer', more: 'array' })).catch(
        (error) => error,
      )
    ).message,
  ).toBe('fields names "more", which is array, not an object');
});

test('so does one inferred as json because it holds numbers that a double cannot hold', async () => {
  const { schema } = await flatten([], { fields: ['more'] }, schemaOf({ id: 'integer', more: 'json' }));
  expect(schema).toMatchObject({ properties: { id: { type: 'integer' } }, additionalProperties: true });
  const { schema: other } = await flatten(
    [],
    { fields: ['place'] },
    { ...input, properties: { ...input.properties, raw: { type: 'string', format: 'json' } } },
  );
  expect(Object.keys(other!.properties)).toContain('raw');
});

test('an inferred stream without records has no fields to check', async () => {
  const empty = schemaOf({});
  expect((await flatten([], { fields: ['a'] }, empty)).schema).toEqual(empty);
});

test('undeclared fields of a loose object are kept', async () => {
  const place = { ...input.properties.place, additionalProperties: {} };
  const loose = { ...input, properties: { ...input.properties, place } };
  const { schema, records } = await flatten([{ ...zurich, place: { name: 'Bern', mayor: { name: 'A' } } }], {}, loose);
  expect(schema!.additionalProperties).toBe(true);
  expect(records).toEqual([{ id: '1', place_name: 'Bern', place_mayor_name: 'A', tags: [{ a: 1 }] }]);
});

test('two fields for the same column are refused, and both are named', async () => {
  const clash = { ...input, properties: { ...input.properties, place_name: { type: 'string' } } };
  expect(await failure(flatten([], {}, clash))).toBe(
    'CONFIG_INVALID: "place.name" and "place_name" would both be the column "place_name" Choose another separator, or rename one of them with select.',
  );
  const { records, rejected } = await flatten([{ a: { b: 1 } }, { a_b: 2 }, { a: { b: 3 } }]);
  expect(records).toEqual([{ a_b: 1 }, { a_b: 3 }]);
  expect(rejected).toEqual([
    { reason: '"a.b" and "a_b" would both be the column "a_b"', origin: 'record 2', record: { a_b: 2 } },
  ]);
});

test.each<[Json, Json]>([
  [{ b: 1 }, 5],
  [5, { b: 1 }],
  [{ b: 1 }, [1]],
])('%j, then %j in one field cannot become columns', async (first, second) => {
  expect(await failure(flatten([{ a: first }, { a: second }]))).toBe(
    `DATA_INVALID: "a": ${JSON.stringify(second)} cannot be flattened: it is an object in some records but not in others Leave it out with \`fields\`, or cast it to json with select.`,
  );
});

test('names that look like values end the run before memory runs out', async () => {
  const records = Array.from({ length: 10_001 }, (_, index) => ({ users: { [`u${index}`]: {} } }));
  expect(await failure(flatten(records))).toBe(
    'CONFIG_INVALID: flatten found more than 10000 undeclared names; the last one is "users.u9999" They look like values: leave them out with `fields` or `depth`, or cast the object to json with select.',
  );
});

test('inherited names and __proto__ are ordinary names', async () => {
  const record = JSON.parse(
    '{"__proto__": {"constructor": 1}, "a": {"__proto__": 2}, "_": {"proto__": 3}}',
  ) as JsonRecord;
  const { records } = await flatten([record]);
  expect(JSON.stringify(records)).toBe('[{"__proto___constructor":1,"a___proto__":2,"__proto__":3}]');
});
