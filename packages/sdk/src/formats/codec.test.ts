import { expect, test } from 'vitest';
import { fieldSchema, fieldsOf } from '../schema.ts';
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

test('pgcopy is left to PostgreSQL', () => {
  expect(() => encoderOf('pgcopy', fields)).toThrow(
    'pgcopy cannot be written record by record; only PostgreSQL does that',
  );
  expect(() => decoderOf('pgcopy', fields, { coerce: false })).toThrow('pgcopy cannot be read record by record');
});
