import { expect, test } from 'vitest';
import { z } from 'zod';
import { type ConnectorRole, checkRole, checkStreams } from './check-role.ts';
import { connectorOf } from './connector.ts';
import { defineDestination } from './destination.ts';
import { AriesError } from './errors.ts';
import { originOf } from './records.ts';
import { inferred } from './schema.ts';
import { defineSource } from './source.ts';
import { defineTransform } from './transform.ts';

/** Returns code, message and hint of the error that is thrown. */
function said(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof AriesError) return `${error.code}: ${error.message} → ${error.hint}`;
    throw error;
  }
  return 'nothing';
}

const config = z.object({});
const destination = { config, formats: [], dispositions: ['append'], delivery: 'transactional', open: async () => {} };
const read = async function* () {};
const schema = z.object({ id: z.string(), updated_at: z.string() });

test('a wrong definition is named, with its member', () => {
  const parts: [ConnectorRole, unknown][] = [
    ['source', undefined],
    ['source', { config }],
    ['source', { config, stream: () => ({}) }],
    ['source', { streams: () => ({}) }],
    ['source', { config: { repo: 'string' }, streams: () => ({}) }],
    ['source', { config, streams: { things: {} } }],
    ['source', { config, streams: () => ({}), check: true }],
    ['source', { config, streams: () => ({}), http: 'https://api.example.com' }],
    ['transform', {}],
    ['transform', { map: 'upper' }],
    ['transform', { scope: 'batch', apply: read }],
    ['transform', { schema: (input: unknown) => input, apply: read }],
    ['transform', { scope: 'batches', schema: (input: unknown) => input, apply: read }],
    ['transform', { scope: 'batch', schema: (input: unknown) => input, apply: read, map: read }],
    ['transform', { map: read, output: { id: 'string' } }],
    ['destination', { ...destination, open: undefined }],
    ['destination', { ...destination, formats: undefined }],
    ['destination', { ...destination, formats: ['csv', 'parket'] }],
    ['destination', { ...destination, dispositions: ['append', 'upsert'] }],
    ['destination', { ...destination, dispositions: ['replace_interval'] }],
    ['destination', { ...destination, dispositions: 'append' }],
    ['destination', { ...destination, dispositions: [] }],
    ['destination', { ...destination, delivery: 'exactly-once' }],
  ];
  expect(parts.map(([role, part]) => said(() => checkRole(role, part)))).toMatchInlineSnapshot(`
    [
      "CONNECTOR_INVALID: defineSource was given undefined → Write: defineSource({ … })",
      "CONNECTOR_INVALID: defineSource has no "streams" → Write: streams: ({ stream }) => ({ things: stream({ … }) })",
      "CONNECTOR_INVALID: defineSource has no "streams" → You wrote stream. Did you mean streams?",
      "CONNECTOR_INVALID: defineSource has no "config" → Write: config: z.object({ … }), empty if there are no options.",
      "CONNECTOR_INVALID: defineSource.config is an object, not a zod schema → Write: config: z.object({ … })",
      "CONNECTOR_INVALID: defineSource.streams is an object, not a function → Write: streams(…) { … }",
      "CONNECTOR_INVALID: defineSource.check is true, not a function → Write: check(…) { … }",
      "CONNECTOR_INVALID: defineSource.http is "https://api.example.com" → Write: http: { baseUrl: … }, or a function of the config.",
      "CONNECTOR_INVALID: defineTransform has no "map" → Write: map(record) { … }, or apply(batches) with a scope and a schema.",
      "CONNECTOR_INVALID: defineTransform.map is "upper", not a function → Write: map(…) { … }",
      "CONNECTOR_INVALID: defineTransform has no "schema" → Return the schema of the outgoing records. If the fields stay the same, write: schema: (input) => input",
      "CONNECTOR_INVALID: defineTransform has no "scope" → Write: scope: "batch" (one batch at a time) or scope: "dataset" (the whole stream)",
      "CONNECTOR_INVALID: defineTransform.scope is "batches" → Did you mean batch?",
      "CONNECTOR_INVALID: defineTransform has both "map" and "apply" → Keep one: map for single records, apply for batches.",
      "CONNECTOR_INVALID: defineTransform.output is an object, not a zod schema → Write: output: z.object({ … })",
      "CONNECTOR_INVALID: defineDestination has no "open" → Write: async open(ctx) { … }, which returns a load session.",
      "CONNECTOR_INVALID: defineDestination has no "formats" → List the staged formats that writePart accepts. If there are none, write: formats: []",
      "CONNECTOR_INVALID: defineDestination.formats[1] is "parket" → It can be "csv", "ndjson", "pgcopy".",
      "CONNECTOR_INVALID: defineDestination.dispositions[1] is "upsert" → It can be "append", "replace", "replace-interval", "merge", "history".",
      "CONNECTOR_INVALID: defineDestination.dispositions[0] is "replace_interval" → Did you mean replace-interval?",
      "CONNECTOR_INVALID: defineDestination.dispositions is "append", not a list → Write: dispositions: […]",
      "CONNECTOR_INVALID: defineDestination.dispositions is empty → List the dispositions it supports: append, replace, replace-interval, merge, history.",
      "CONNECTOR_INVALID: defineDestination.delivery is "exactly-once" → It can be "transactional", "idempotent", "at-least-once".",
    ]
  `);
});

test('a wrong stream is named, with its source and its member', () => {
  const streams: unknown[] = [
    undefined,
    { schema },
    { schema, reed: read },
    { schema, read: [] },
    { read },
    { read, schema: { id: 'int64' } },
    { read, schema, primaryKey: 'id' },
    { read, schema, primaryKey: ['ID'] },
    { read, schema, cursor: 'update_at' },
    { read, schema, cursor: 'at' },
    { read, schema: { type: 'object', properties: { id: { type: 'string' } } }, primaryKey: ['key'] },
    { schema, readEncoded: { formats: ['csv'], exactWindow: true } },
    { schema, readEncoded: { formats: ['CSV'], exactWindow: true, open: read } },
    { schema, readEncoded: { formats: ['csv'], open: read } },
    { read, schema, pushdown: ['column'] },
    { read, schema, partitions: ['a', 'b'] },
  ];
  expect(streams.map((things) => said(() => checkStreams('shop', { things })))).toMatchInlineSnapshot(`
    [
      "CONNECTOR_INVALID: shop: streams.things is undefined → Write: stream({ schema, read })",
      "CONNECTOR_INVALID: shop: streams.things has no "read" → Write: async *read(ctx) { yield records; }",
      "CONNECTOR_INVALID: shop: streams.things has no "read" → You wrote reed. Did you mean read?",
      "CONNECTOR_INVALID: shop: streams.things.read is a list, not a function → Write: read(…) { … }",
      "CONNECTOR_INVALID: shop: streams.things has no "schema" → Write: schema: z.object({ … }), or schema: inferred if only the records show it.",
      "CONNECTOR_INVALID: shop: streams.things.schema is an object without fields → Write: schema: z.object({ … })",
      "CONNECTOR_INVALID: shop: streams.things.primaryKey is "id", not a list → Write: primaryKey: […]",
      "CONNECTOR_INVALID: shop: streams.things.primaryKey names "ID", which is not a field of its schema → Did you mean id?",
      "CONNECTOR_INVALID: shop: streams.things.cursor names "update_at", which is not a field of its schema → Did you mean updated_at?",
      "CONNECTOR_INVALID: shop: streams.things.cursor names "at", which is not a field of its schema → Did you mean id?",
      "CONNECTOR_INVALID: shop: streams.things.primaryKey names "key", which is not a field of its schema → The schema has id.",
      "CONNECTOR_INVALID: shop: streams.things.readEncoded has no "open" → Write: async *open(ctx) { yield { body, done }; }",
      "CONNECTOR_INVALID: shop: streams.things.readEncoded.formats[0] is "CSV" → Did you mean csv?",
      "CONNECTOR_INVALID: shop: streams.things.readEncoded.exactWindow is undefined → Produce only rows within the window, and promise it with exactWindow: true. The engine cannot look inside encoded rows.",
      "CONNECTOR_INVALID: shop: streams.things.pushdown[0] is "column" → Did you mean columns?",
      "CONNECTOR_INVALID: shop: streams.things.partitions is a list, not a function → Write: partitions(…) { … }",
    ]
  `);
  expect(said(() => checkStreams('shop', []))).toMatchInlineSnapshot(
    `"CONNECTOR_INVALID: shop: streams returns a list → Return an object: { things: stream({ … }) }"`,
  );
});

test('valid definitions pass, however they are written', () => {
  const stream = { read, schema, primaryKey: ['id'], cursor: 'updated_at', pushdown: ['columns', 'where'] };
  checkStreams('shop', { things: stream, files: { read, schema: inferred, primaryKey: ['anything'] } });
  checkRole('transform', { map: (record: unknown) => record });
  checkRole('transform', { scope: 'dataset', schema: (input: unknown) => input, apply: read });
  checkRole('destination', destination);
});

test('define… and connectorOf run the checks', () => {
  const wrong = { ...destination, dispositions: ['upsert'] } as unknown as typeof destination;
  const made = { role: 'destination', apiVersion: 1, ...wrong };
  expect([
    said(() => defineSource({ config } as unknown as Parameters<typeof defineSource>[0])),
    said(() => defineTransform({} as unknown as Parameters<typeof defineTransform>[0])),
    said(() => defineDestination(wrong as unknown as Parameters<typeof defineDestination>[0])),
    said(() => connectorOf({ destination: made }, { name: 'shop', version: '1.0.0' })),
  ]).toMatchInlineSnapshot(`
    [
      "CONNECTOR_INVALID: defineSource has no "streams" → Write: streams: ({ stream }) => ({ things: stream({ … }) })",
      "CONNECTOR_INVALID: defineTransform has no "map" → Write: map(record) { … }, or apply(batches) with a scope and a schema.",
      "CONNECTOR_INVALID: defineDestination.dispositions[0] is "upsert" → It can be "append", "replace", "replace-interval", "merge", "history".",
      "CONNECTOR_INVALID: shop: destination.dispositions[0] is "upsert" → It can be "append", "replace", "replace-interval", "merge", "history".",
    ]
  `);
});

test('originOf refuses a record in place of a batch', () => {
  const record = { id: '1' };
  expect(said(() => originOf(record as unknown as [], 0))).toMatchInlineSnapshot(
    `"CONNECTOR_INVALID: originOf takes a batch and the index of one of its records → Write originOf(batch, index): the origin is stored on the batch, not on its records."`,
  );
  expect(said(() => originOf([record], undefined as unknown as number))).toContain('originOf takes a batch');
});
