import { check } from '@aries-data/engine';
import { silentLog } from '@aries-data/engine/internal';
import type { checkpoint } from '@aries-data/sdk';
import nock from 'nock';
import { describe, expect, test } from 'vitest';
import { testHttp } from '../../testing/src/http-client.ts';
import { readAll } from '../../testing/src/read-all.ts';
import { stubNetwork } from '../../testing/src/stubbed-network.ts';
import { restApi, restSource } from './index.ts';

stubNetwork();

const source = restSource({ config: restApi, api: (api) => api });
const HOST = 'https://api.example.com';

/** Reads a stream of an API; requests that fail are not tried again. */
const read = (streams: object, stream: string, api: object = {}, options: object = {}) =>
  readAll(source, {
    config: { baseUrl: HOST, pagination: { type: 'none' }, retry: { attempts: 1 }, streams, ...api },
    stream,
    ...options,
  });

const failure = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no failure',
    ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
  );

test('records keep every digit and match the schema', async () => {
  nock(HOST).get('/things').reply(200, '[{"id":9007199254740993,"price":1.10,"extra":1},{"id":null}]');
  const { records, rejected } = await read(
    {
      things: {
        path: '/things',
        primaryKey: ['id'],
        schema: { id: 'int64', price: 'decimal', note: { type: 'string' } },
      },
    },
    'things',
  );
  expect(records).toEqual([{ id: '9007199254740993', price: '1.1' }]);
  expect(rejected.map(({ origin, reason }) => `${origin}: ${reason}`)).toMatchInlineSnapshot(`
    [
      "https://api.example.com/things, record 2: "id" is null",
    ]
  `);
});

test('references are filled in: path, query, headers and body', async () => {
  nock(HOST, { reqheaders: { 'x-version': '2', authorization: 'Basic YTpi' } })
    .post('/search', { filter: { size: 5 } })
    .query({ tag: ['a', 'b'], limit: '10', fixed: '1' })
    .reply(200, { data: { items: [{ id: 1 }] } });
  const { records } = await read(
    {
      things: {
        path: '/search',
        method: 'POST',
        json: { filter: { size: 5, since: '{since}' } },
        query: { tag: ['a', 'b'], limit: 10, from: '{since}' },
        headers: { 'x-version': '2' },
        records: 'data.items',
        cursor: { field: 'at' },
      },
    },
    'things',
    { query: { fixed: 1 }, auth: { type: 'basic', username: 'a', password: 'b' } },
    { maxRejected: { share: 1 } },
  );
  expect(records).toEqual([]);
});

test('an interval read uses its own request, with bounds formatted for the API', async () => {
  nock(HOST)
    .get('/changes?from=1704067200&to=1704153600')
    .reply(200, [{ id: 1, meta: { at: 1_704_100_000 } }]);
  const stream = {
    path: '/things',
    incremental: { path: '/changes', query: { from: '{since}', to: '{until}' } },
    fields: { at: { from: '/meta/at', unit: 'seconds' } },
    cursor: { field: 'at', format: 'seconds' },
    schema: { id: 'int64', at: 'date-time' },
  };
  const interval = { start: '2024-01-01', end: '2024-01-02' };
  const { records } = await read({ things: stream }, 'things', {}, { interval });
  expect(records).toEqual([{ id: '1', at: '2024-01-01T09:06:40Z' }]);
});

describe('lists that belong to records', () => {
  const streams = {
    teams: { path: '/teams', schema: { id: 'int64', open: 'boolean' }, primaryKey: ['id'] },
    people: {
      path: '/people',
      query: { team: '{parent.id}' },
      parent: { stream: 'teams', where: { open: true }, copy: { team_id: 'id' } },
      primaryKey: ['team_id', 'id'],
      cursor: { field: 'at' },
      schema: { team_id: 'int64', id: 'int64', at: 'date-time' },
    },
    notes: {
      path: '/teams/{parent.team_id}/people/{parent.id}/notes',
      parent: { stream: 'people', copy: { person: '/id' } },
      schema: { person: 'int64', text: 'string' },
    },
  };
  const teams = [
    { id: 1, open: true },
    { id: 2, open: false },
    { id: 3, open: true },
  ];

  test('are read for each wanted record, at any depth, with fields copied from it', async () => {
    nock(HOST).get('/teams').reply(200, teams);
    nock(HOST)
      .get('/people?team=1')
      .reply(200, [{ id: 10 }]);
    nock(HOST)
      .get('/people?team=3')
      .reply(200, [{ id: 30 }]);
    nock(HOST)
      .get('/teams/1/people/10/notes')
      .reply(200, [{ text: 'a' }]);
    nock(HOST)
      .get('/teams/3/people/30/notes')
      .reply(200, [{ text: 'b' }]);
    const { records } = await read(streams, 'notes');
    expect(records).toEqual([
      { person: '10', text: 'a' },
      { person: '30', text: 'b' },
    ]);
  });

  test('leave records newer than the start, by the clock of the API, to the next run', async () => {
    nock(HOST).get('/teams').reply(200, teams, { date: 'Mon, 01 Jan 2024 12:00:00 GMT' });
    nock(HOST)
      .get('/people?team=1')
      .reply(200, [{ id: 10, at: '2024-01-01T11:59:59.999Z' }]);
    nock(HOST)
      .get('/people?team=3')
      .reply(200, [
        { id: 30, at: '2024-01-01T12:00:00Z' },
        { id: 31, at: '2024-01-01T11:00:00Z' },
      ]);
    const { records } = await read(streams, 'people');
    expect(records.map(({ id }) => id)).toEqual(['10', '31']);
  });

  test('resume after those that were read completely, with the same bound', async () => {
    const reading = async (position?: unknown) => {
      const items: unknown[] = [];
      const { http } = testHttp({ baseUrl: HOST, pagination: { type: 'none' } });
      const ctx = {
        config: { baseUrl: HOST, pagination: { type: 'none' }, streams },
        http,
        log: silentLog,
        signal: new AbortController().signal,
        position,
      };
      const { people } = (await source.streams({ ...ctx, stream: (one: unknown) => one } as never)) as never as {
        people: { read(ctx: unknown): AsyncIterable<unknown> };
      };
      for await (const item of people.read({ ...ctx, stream: 'people', mode: 'full', window: {}, primaryKey: [] }))
        items.push(item);
      return items;
    };
    const at = '2024-01-01T00:00:00Z';
    nock(HOST).get('/teams').reply(200, teams, { date: 'Mon, 01 Jan 2024 12:00:00 GMT' });
    nock(HOST)
      .get('/people?team=1')
      .reply(200, [{ id: 10, at }]);
    nock(HOST)
      .get('/people?team=3')
      .reply(200, [{ id: 30, at }]);
    const [, first] = await reading();
    expect(first).toMatchObject({ position: { bound: '2024-01-01T12:00:00.000Z', done: [expect.any(String)] } });
    const { position } = first as ReturnType<typeof checkpoint>;
    nock(HOST)
      .get('/teams')
      .reply(200, [{ id: 0, open: false }, ...teams], { date: 'Tue, 02 Jan 2024 12:00:00 GMT' });
    nock(HOST)
      .get('/people?team=3')
      .reply(200, [
        { id: 30, at },
        { id: 31, at: '2024-01-01T18:00:00Z' },
      ]);
    const [rest] = await reading(position);
    expect(rest).toMatchObject([{ id: 30, team_id: 3 }]);
  });
});

test('an ID of many digits is sent with all of them, in path, query and body', async () => {
  const id = '90071992547409931';
  nock(HOST).get('/teams').reply(200, `[{"id":${id}}]`);
  nock(HOST)
    .post(`/teams/${id}?team=${id}`, `{"team":${id}}`)
    .reply(200, [{ name: 'a' }]);
  const people = {
    path: '/teams/{parent.id}',
    method: 'POST',
    query: { team: '{parent.id}' },
    json: { team: '{parent.id}' },
    parent: { stream: 'teams', copy: { team_id: 'id' } },
    schema: { team_id: 'int64', name: 'string' },
  };
  const { records } = await read({ teams: { path: '/teams' }, people }, 'people');
  expect(records).toEqual([{ team_id: id, name: 'a' }]);
});

test('a search that reaches its limit continues from the last record', async () => {
  const at = (second: number) => `2024-01-01T00:00:0${second}Z`;
  const stream = {
    path: '/all',
    incremental: { path: '/search', query: { from: '{since}', to: '{until}' }, atMost: 3 },
    cursor: { field: 'at', format: 'date-time' },
    primaryKey: ['id'],
    schema: { id: 'int64', at: 'date-time' },
  };
  const interval = { start: '2024-01-01T00:00:00Z', end: '2024-01-02T00:00:00Z' };
  const search = (from: number) =>
    nock(HOST).get(`/search?from=2024-01-01T00%3A00%3A0${from}Z&to=2024-01-02T00%3A00%3A00Z`);
  search(0).reply(
    200,
    [1, 2, 3].map((id) => ({ id, at: at(id) })),
  );
  search(3).reply(
    200,
    [3, 4, 5].map((id) => ({ id, at: at(Math.min(id, 4)) })),
  );
  search(4).reply(
    200,
    [4, 5].map((id) => ({ id, at: at(4) })),
  );
  const { records } = await read({ things: stream }, 'things', {}, { interval });
  expect(records.map(({ id }) => id)).toEqual(['1', '2', '3', '4', '5']);

  search(0).reply(
    200,
    [1, 2, 3].map((id) => ({ id, at: at(1) })),
  );
  search(1).reply(
    200,
    [1, 2, 3].map((id) => ({ id, at: at(1) })),
  );
  expect(await failure(read({ things: stream }, 'things', {}, { interval }))).toMatchInlineSnapshot(
    `"DATA_INVALID: 3 records have the same "at", 2024-01-01T00:00:01Z: the API does not return the ones after them"`,
  );
});

test('a failure reported in the body is an error, with the declared code', async () => {
  const api = {
    failure: { place: '/ok', equals: false, reason: '/error', auth: ['bad_token'], busy: ['later'] },
    records: '/items',
  };
  const said: string[] = [];
  for (const error of ['bad_token', 'later', 'odd']) {
    nock(HOST).get('/things').reply(200, { ok: false, error });
    said.push(await failure(read({ things: { path: '/things' } }, 'things', api)));
  }
  expect(said).toMatchInlineSnapshot(`
    [
      "NOT_ALLOWED: https://api.example.com/things: the API reported bad_token",
      "RESOURCE_BUSY: https://api.example.com/things: the API reported later",
      "CONFIG_INVALID: https://api.example.com/things: the API reported odd",
    ]
  `);
});

test('check requests its path, or the first page of the first stream', async () => {
  const streams = { child: { path: '/{parent.id}', parent: { stream: 'things' } }, things: { path: '/things' } };
  const connector = { name: 'rest', version: '0.0.0', source } as never;
  nock(HOST).get('/things').reply(200, []);
  await check({ use: { connector, config: { baseUrl: HOST, streams } } });
  nock(HOST).get('/me').reply(401);
  expect(await failure(check({ use: { connector, config: { baseUrl: HOST, streams, check: '/me' } } }))).toMatch(
    /^NOT_ALLOWED/,
  );
});

test('mistakes in the declaration are named by their path', async () => {
  const problems = async (api: object) =>
    (await failure(read({ things: { path: '/things' } }, 'things', api))).split(/: rest: |; /);
  expect(
    await problems({
      auth: { type: 'bearer', name: 'x' },
      pagination: { type: 'cursor', parameter: 'after', size: 5 },
      streams: {
        a: { path: '/a/{since}', primaryKey: ['idd'], schema: { id: 'int64' }, json: {}, incremental: {} },
        b: { path: '/b/{parent.id}/{what}', query: { since: '${since}' } },
        c: { path: '/c', parent: { stream: 'aa' } },
        d: {
          path: '/d/{parent.id}',
          parent: { stream: 'e', copy: { x: 'id' } },
          cursor: { field: 'n' },
          schema: { n: 'int64' },
        },
        e: { path: '/e/{parent.id}', parent: { stream: 'd' } },
      },
    }),
  ).toMatchInlineSnapshot(`
    [
      "CONFIG_INVALID: source: config auth.token is missing: expected string (Token, sent unchanged.)",
      "config auth.name: is not used with type bearer",
      "config pagination.size: is not used with type cursor",
      "config pagination: expected exactly one of "place", "header" and "lastRecord", the place of the cursor",
      "config streams.a.json: needs the method POST, not GET",
      "config streams.a.primaryKey[0]: "idd" is not in the schema, did you mean id?",
      "config streams.a.path: {since} needs a cursor",
      "config streams.a.incremental: needs a cursor: without one, everything is read each time",
      "config streams.b.path: {parent.id} needs a parent",
      "config streams.b.path: {what} is unknown",
      "use {since}, {until} or {parent.field}",
      "config streams.b.query.since: write {since}, without the $",
      "config streams.c.parent.stream: there is no stream "aa", did you mean a or b or c?",
      "config streams.d.parent.stream: d → e → d is a circle",
      "config streams.d.parent.copy.x: "x" is not in the schema, did you mean n?",
      "config streams.e.parent.stream: e → d → e is a circle",
    ]
  `);
  expect(
    await problems({
      baseURL: 'x',
      streams: { a: { pth: '/a', path: '/a', schema: { id: 'int46' } } },
      pagination: { type: 'pages' },
    }),
  ).toMatchInlineSnapshot(`
    [
      "CONFIG_INVALID: source: config pagination.type: Invalid option: expected one of "link"|"next"|"cursor"|"page"|"offset"|"none"",
      "config streams.a.schema.id: expected one of string, boolean, integer, number, int64, decimal, date, time, date-time, uuid, binary, json, object, array, any, or a JSON Schema with a "type"",
      "unknown option baseURL, did you mean baseUrl?",
      "unknown option streams.a.pth, did you mean path?",
    ]
  `);
});
