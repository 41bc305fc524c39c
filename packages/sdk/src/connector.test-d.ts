import { readAll, runTransform } from '@aries-data/testing';
import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { defineDestination, type LoadSession } from './destination.ts';
import { int64 } from './schema.ts';
import { defineSource, type RecordsOf } from './source.ts';
import { defineTransform } from './transform.ts';

const source = defineSource({
  config: z.object({ repo: z.string(), pages: z.int().default(1) }),
  streams: ({ stream, config }) => {
    expectTypeOf(config).toEqualTypeOf<{ repo: string; pages: number }>();
    return {
      issues: stream({
        schema: z.object({ id: int64(), title: z.string(), votes: z.number().nullable(), body: z.string().optional() }),
        primaryKey: ['id'],
        cursor: 'title',
        async *read({ config, window, signal, log }) {
          expectTypeOf(config).toEqualTypeOf<{ repo: string; pages: number }>();
          expectTypeOf(window.since).toEqualTypeOf<string | undefined>();
          expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
          log.info('reading', { repo: config.repo });
          yield [{ id: '1', title: 'a', votes: null }];
        },
      }),
    };
  },
});

test('record types are inferred from zod, through the source, for tests', async () => {
  expectTypeOf<RecordsOf<typeof source, 'issues'>>().toEqualTypeOf<{
    id: string;
    title: string;
    votes: number | null;
    body?: string | undefined;
  }>();
  const { records } = await readAll(source, { config: { repo: 'a/b' }, stream: 'issues' });
  expectTypeOf(records[0]!.title).toEqualTypeOf<string>();
  // @ts-expect-error the source has no such stream
  await readAll(source, { config: {}, stream: 'pulls' });
});

test('a key or a cursor that is not a field does not compile', () => {
  defineSource({
    config: z.object({}),
    streams: ({ stream }) => ({
      a: stream({
        schema: z.object({ id: z.string() }),
        // @ts-expect-error "ids" is not a field of the schema
        primaryKey: ['ids'],
        async *read() {
          yield [{ id: '1' }];
        },
      }),
      b: stream({
        schema: z.object({ id: z.string() }),
        // @ts-expect-error "at" is not a field of the schema
        cursor: 'at',
        async *read() {
          yield [{ id: '1' }];
        },
      }),
    }),
  });
});

test('records of another shape, and single records, do not compile', () => {
  defineSource({
    config: z.object({}),
    streams: ({ stream }) => ({
      a: stream({
        schema: z.object({ id: z.string() }),
        // @ts-expect-error a number is not a string
        async *read() {
          yield [{ id: 1 }];
        },
      }),
      b: stream({
        schema: z.object({ id: z.string() }),
        // @ts-expect-error a record is not a batch
        async *read() {
          yield { id: '1' };
        },
      }),
    }),
  });
});

test('a transform is typed from input to output', async () => {
  const transform = defineTransform({
    config: z.object({ suffix: z.string() }),
    input: z.object({ name: z.string() }),
    output: z.object({ length: z.number() }),
    map: (record, { config }) => {
      expectTypeOf(record).toEqualTypeOf<{ name: string }>();
      expectTypeOf(config).toEqualTypeOf<{ suffix: string }>();
      return record.name === '' ? null : { length: record.name.length };
    },
  });
  const { records } = await runTransform(transform, { records: [{ name: 'a' }] });
  expectTypeOf(records).toEqualTypeOf<{ length: number }[]>();

  // @ts-expect-error the output says number
  defineTransform({ output: z.object({ length: z.number() }), map: () => ({ length: 'long' }) });
  // @ts-expect-error neither map nor apply
  defineTransform({ config: z.object({}) });
});

test('a destination knows its config', () => {
  defineDestination({
    config: z.object({ path: z.string() }),
    formats: ['csv'],
    dispositions: ['append'],
    delivery: 'at-least-once',
    async open({ config }) {
      expectTypeOf(config.path).toEqualTypeOf<string>();
      return {} as LoadSession;
    },
  });
  defineDestination({
    config: z.object({}),
    // @ts-expect-error xml is not a staged format
    formats: ['xml'],
    dispositions: ['append'],
    delivery: 'transactional',
    open: async () => ({}) as LoadSession,
  });
});
