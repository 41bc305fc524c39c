import { Readable } from 'node:stream';
import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import type { HttpPage } from './http.ts';
import { checkpoint, rejected, type Unchecked } from './records.ts';
import { int64, type JsonRecord } from './schema.ts';
import { defineSource, type ReadContext } from './source.ts';

const config = z.object({ repo: z.string() });
const schema = z.object({ id: int64(), title: z.string(), votes: z.number().nullable(), repo: z.string() });

/** Reads a list, for two streams of the same kind. */
async function* readList({ http, config, position }: ReadContext<{ repo: string }>, path: string) {
  for await (const page of http.pages(path, { from: position, map: (record) => ({ ...record, repo: config.repo }) })) {
    yield page;
    yield checkpoint(page.next);
  }
}

test('records of an API may be yielded unchanged, because the engine checks them', () => {
  defineSource({
    config,
    streams: ({ stream }) => ({
      pages: stream({
        schema,
        async *read({ http, window }) {
          yield* http.pages('/issues', { query: { since: window.since } });
        },
      }),
      resumed: stream({
        schema,
        async *read({ http, position }) {
          for await (const page of http.pages('/issues', { from: position })) {
            expectTypeOf(page).toEqualTypeOf<HttpPage>();
            yield page;
            yield checkpoint(page.next);
          }
        },
      }),
      one: stream({
        schema,
        async *read({ http, config }) {
          const { body } = await http.json(`/repos/${config.repo}`);
          expectTypeOf(body).toEqualTypeOf<Unchecked>();
          yield [body];
        },
      }),
      mapped: stream({
        schema,
        async *read({ http, config: { repo } }) {
          yield* http.pages('/issues', { map: (record) => (record.draft === true ? undefined : { ...record, repo }) });
        },
      }),
      shared: stream({ schema, primaryKey: ['id'], read: (ctx) => readList(ctx, '/issues') }),
    }),
  });
});

test('records made by hand must match the schema', () => {
  const issue = { id: '1', title: 'a', votes: null, repo: 'b' };
  const hand: JsonRecord = { ...issue };
  const lines: AsyncIterable<string> = Readable.from(['{}']);
  defineSource({
    config,
    streams: ({ stream }) => ({
      right: stream({
        schema,
        async *read() {
          yield [issue, { ...issue, votes: 2 }];
          yield rejected({ reason: 'no issue', origin: 'line 2', record: 'x' });
          yield checkpoint({ line: 2 });
        },
      }),
      readable: stream({ schema, read: () => Readable.from([[issue]]) }),
      wrong: stream({
        schema,
        // @ts-expect-error a number is not a string
        async *read() {
          yield [{ ...issue, id: 1 }];
        },
      }),
      short: stream({
        schema,
        // @ts-expect-error a title is missing
        async *read() {
          yield [{ id: '1', votes: 1, repo: 'b' }];
        },
      }),
      late: stream({
        schema,
        // @ts-expect-error one batch of two is wrong
        async *read() {
          yield [issue];
          yield [{ ...issue, title: null }];
        },
      }),
      json: stream({
        schema,
        // @ts-expect-error a record made by hand is not a record of an API
        async *read() {
          yield [hand];
        },
      }),
      mapped: stream({
        schema,
        // @ts-expect-error the result of `map` is checked like records made by hand
        read: ({ http }) => http.pages('/issues', { map: ({ id }) => ({ id: String(id) }) }),
      }),
      text: stream({
        schema,
        // @ts-expect-error a string is not a batch
        read: () => lines,
      }),
    }),
  });
});

test('a position is what the stream declares', () => {
  defineSource({
    config,
    streams: ({ stream }) => ({
      right: stream({
        schema: z.object({ id: z.string() }),
        position: z.object({ page: z.int() }),
        async *read({ position }) {
          expectTypeOf(position).toEqualTypeOf<{ page: number } | undefined>();
          yield [{ id: '1' }];
          yield checkpoint({ page: (position?.page ?? 0) + 1 });
        },
      }),
      wrong: stream({
        schema: z.object({ id: z.string() }),
        position: z.object({ page: z.int() }),
        // @ts-expect-error a checkpoint of another shape
        async *read({ position }) {
          yield [{ id: String(position?.page) }];
          yield checkpoint({ page: '2' });
        },
      }),
    }),
  });
});
