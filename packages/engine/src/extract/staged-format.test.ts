import {
  type Connector,
  defineTransform,
  inferred,
  type RecordSchema,
  type StagedFormat,
  type Stream,
} from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { SelectedStream } from '../step/select-streams.ts';
import { stagedFormatOf } from './staged-format.ts';

/** PostgreSQL's own type of a field says how its binary form is read; without it there is none. */
const binary: RecordSchema = { type: 'object', properties: { id: { type: 'integer', pgType: 'integer' } } };
const plain: RecordSchema = { type: 'object', properties: { id: { type: 'integer' } } };

const config = z.object({});
const transform = (changes: 'nothing' | 'fields' | 'unknown'): { connector: Connector; config: object } => {
  const apply = async function* (batches: AsyncIterable<Record<string, never>[]>) {
    yield* batches;
  };
  const part = {
    nothing: defineTransform({ config, scope: 'batch', schema: (input) => input, apply }),
    fields: defineTransform({
      config,
      output: z.object({ id: z.number() }),
      map: (record) => ({ id: record.id as number }),
    }),
    unknown: defineTransform({ config, map: (record) => record }),
  }[changes];
  return { connector: { name: 'change', version: '1.0.0', transform: part }, config: {} };
};

function formatOf(
  schema: RecordSchema | null,
  encoded: StagedFormat[],
  options: Parameters<typeof stagedFormatOf>[2] = {},
  { mode, changes }: { mode: 'full' | 'incremental'; changes?: boolean } = { mode: 'full' },
) {
  const stream = {
    schema: schema ?? inferred,
    changes,
    readEncoded: encoded.length > 0 ? { formats: encoded } : undefined,
  };
  return stagedFormatOf(
    { stream: stream as unknown as Stream<unknown>, schema, as: 'orders' } as SelectedStream,
    { mode },
    options,
  );
}

test.each<[string, RecordSchema | null, StagedFormat[], Parameters<typeof stagedFormatOf>[2], StagedFormat]>([
  ['records: ndjson', plain, [], {}, 'ndjson'],
  ['records for a destination that reads csv: csv', plain, [], { preferFormats: ['pgcopy', 'csv'] }, 'csv'],
  ['records whose schema is inferred: ndjson', null, [], { preferFormats: ['csv'] }, 'ndjson'],
  ['encoded: the cheapest format for the source', plain, ['csv', 'ndjson'], {}, 'csv'],
  [
    'encoded: of these the one that the destination prefers',
    plain,
    ['csv', 'ndjson'],
    { preferFormats: ['pgcopy', 'ndjson', 'csv'] },
    'ndjson',
  ],
  [
    'encoded: the cheapest one if the destination prefers none of them',
    plain,
    ['csv'],
    { preferFormats: ['pgcopy'] },
    'csv',
  ],
  ['pgcopy if all types have a binary form', binary, ['pgcopy', 'csv'], {}, 'pgcopy'],
  ['not pgcopy if one type has none', plain, ['pgcopy', 'csv'], { preferFormats: ['pgcopy'] }, 'csv'],
  ['the requested format', binary, ['pgcopy', 'csv'], { stagedFormat: 'ndjson' }, 'ndjson'],
  [
    'transforms need records, not a format that the source encodes',
    binary,
    ['pgcopy', 'csv'],
    { transforms: [transform('nothing')] },
    'ndjson',
  ],
  [
    'a transform that returns its schema: csv if preferred',
    plain,
    [],
    { transforms: [transform('nothing')], preferFormats: ['csv'] },
    'csv',
  ],
  [
    'a transform that declares its output: csv if preferred',
    plain,
    [],
    { transforms: [transform('fields')], preferFormats: ['csv'] },
    'csv',
  ],
  [
    'a transform whose output is inferred: ndjson',
    plain,
    [],
    { transforms: [transform('unknown')], preferFormats: ['csv'] },
    'ndjson',
  ],
  [
    'pgcopy requested with a transform is not checked here',
    plain,
    [],
    { stagedFormat: 'pgcopy', transforms: [transform('nothing')] },
    'pgcopy',
  ],
])('%s', (_, schema, encoded, options, expected) => {
  expect(formatOf(schema, encoded, options)).toBe(expected);
});

test.each([
  ['a type has no binary form', plain],
  ['the schema is inferred', null],
])('pgcopy is refused if %s', (_, schema) => {
  expect(() => formatOf(schema, ['pgcopy'], { stagedFormat: 'pgcopy' })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', stream: 'orders' }),
  );
});

test('changes are not staged as the source encodes a first read', () => {
  const formatIn = (mode: 'full' | 'incremental', preferFormats: StagedFormat[]) =>
    formatOf(binary, ['csv', 'pgcopy'], { preferFormats }, { mode, changes: true });
  expect(formatIn('full', ['pgcopy', 'csv'])).toBe('pgcopy');
  expect(formatIn('incremental', ['pgcopy', 'csv'])).toBe('csv');
  expect(formatIn('incremental', [])).toBe('ndjson');
  expect(() =>
    formatOf(binary, ['csv', 'pgcopy'], { stagedFormat: 'pgcopy' }, { mode: 'incremental', changes: true }),
  ).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});
