import { fieldSchema, fieldsOf } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { decoderOf, encoderOf } from './codec.ts';

const fields = fieldsOf({
  type: 'object',
  properties: { id: fieldSchema('int64'), note: fieldSchema('string', { nullable: true }) },
  required: ['id'],
});

test.each(['csv', 'ndjson'] as const)('%s writes and reads batches', async (format) => {
  const records = [
    { id: '9223372036854775807', note: null },
    { id: '1', note: 'a, b' },
  ];
  const bytes = encoderOf(format, fields)(records);
  const batches = await Array.fromAsync(
    decoderOf(format, fields, { coerce: false })(
      (async function* () {
        yield bytes;
      })(),
    ),
  );
  expect(batches).toEqual([records]);
});

test('pgcopy holds only fields from PostgreSQL', () => {
  expect(() => encoderOf('pgcopy', fields)).toThrow(
    'pgcopy cannot hold the records: "id" is int64, and its PostgreSQL type is not known',
  );
  const casted = fieldsOf({ type: 'object', properties: { id: fieldSchema('string', { pgType: 'bigint' }) } });
  expect(() => encoderOf('pgcopy', casted)).toThrow('"id" was bigint, but is now string');
  const range = fieldsOf({ type: 'object', properties: { at: fieldSchema('pg-text', { pgType: 'tsrange' }) } });
  expect(() => decoderOf('pgcopy', range, { coerce: false })).toThrow('"at" is tsrange');
});
