import { extract, openDataset } from '@aries-data/engine';
import { moveState, readStream } from '@aries-data/engine/internal';
import type { JsonRecord } from '@aries-data/sdk';
import nock from 'nock';
import { describe, expect, test } from 'vitest';
import { memoryStaging } from '../../testing/src/index.ts';
import { stubNetwork } from '../../testing/src/stubbed-network.ts';
import { restApi, restSource } from './index.ts';

stubNetwork();

const HOST = 'https://api.example.com';
const connector = { name: 'rest', version: '1.0.0', source: restSource({ config: restApi, api: (api) => api }) };

/** Reads a stream run after run, with the state of the last one. */
function reader(streams: Record<string, object>, stream: string, api: object = {}) {
  const staging = memoryStaging();
  const config = { baseUrl: HOST, pagination: { type: 'none' }, retry: { attempts: 1 }, streams, ...api };
  return async (options: object = {}) => {
    const source = { connector, config };
    const result = await extract({ source, staging, streams: [stream], maxRejected: { share: 1 }, ...options });
    const dataset = await openDataset(result.dataset, staging);
    const { [stream]: staged } = dataset.manifest.streams;
    const rows: JsonRecord[] = [];
    for await (const batch of readStream(dataset, staged!)) rows.push(...batch);
    await moveState(staging, result.name, async () => ({ [stream]: staged!.stateAfter }));
    const { counts, stateAfter, firstRejected } = staged!;
    return { rows: rows.map(shown), counts, state: stateAfter as { cursor: string } | null, firstRejected };
  };
}

/** Shows a staged change as its operation, key, cursor and, of a deletion, time. */
function shown({ _aries_op: op, _aries_at: at, id, at: cursor = null }: JsonRecord): string {
  if (op === undefined) return `${id}`;
  return op === 'd' ? `- ${id} ${cursor} (${String(at).slice(0, 10)})` : `+ ${id}`;
}

const day = (number: number) => `2024-01-${String(number).padStart(2, '0')}T00:00:00Z`;

describe('a field', () => {
  const things = (deletes: object) => ({
    things: {
      path: '/things',
      query: { since: '{since}' },
      primaryKey: ['id'],
      cursor: { field: 'at' },
      schema: { id: 'int64', at: 'date-time', gone_at: 'date-time' },
      deletes,
    },
  });

  test('marks deleted records: they come in order, and the state moves on', async () => {
    const read = reader(things({ field: 'gone', equals: true }), 'things');
    nock(HOST)
      .get('/things')
      .reply(200, [
        { id: 1, at: day(1) },
        { id: 2, at: day(2), gone: true },
        { id: 2, at: day(3) },
        { id: 3, at: day(4), gone: true },
      ]);
    expect((await read()).rows).toEqual(['+ 1', expect.stringContaining('- 2 2024-01-02'), '+ 2', expect.any(String)]);
    nock(HOST)
      .get('/things')
      .query({ since: '2024-01-04T00:00:00Z' })
      .reply(200, [
        { id: 3, at: day(4), gone: true },
        { id: 1, at: day(5), gone: true },
      ]);
    const { rows, state, counts } = await read();
    expect(rows).toEqual([expect.stringContaining(`- 1 ${day(5)}`)]);
    expect(state?.cursor).toBe(day(5));
    expect(counts).toMatchObject({ read: 2, deleted: 1, outside: 1 });
    nock(HOST)
      .get('/things')
      .query({ since: day(5) })
      .reply(200, [{ id: 1, at: day(6) }]);
    expect((await read()).rows).toEqual(['+ 1']);
  });

  test('a full read leaves them out', async () => {
    const read = reader(things({ field: 'gone' }), 'things');
    nock(HOST)
      .get('/things')
      .reply(200, [
        { id: 1, at: day(1), gone: false },
        { id: 2, at: day(2), gone: { by: 'me' } },
      ]);
    const { rows, counts } = await read({ fullRefresh: true });
    expect(rows).toEqual(['1']);
    expect(counts).toMatchObject({ read: 2, staged: 1, outside: 1 });
  });

  test.each([
    [{ field: 'gone_at' }, { gone_at: day(2) }, true],
    [{ field: 'gone_at' }, { gone_at: null }, false],
    [{ field: 'gone_at' }, {}, false],
    [{ field: '/meta/state', equals: ['trashed', 'purged'] }, { meta: { state: 'purged' } }, true],
    [{ field: '/meta/state', equals: ['trashed', 'purged'] }, { meta: { state: 'open' } }, false],
    [{ field: 'n', equals: 0 }, { n: 0 }, true],
    [{ field: 'n', equals: 0 }, { n: '0' }, false],
  ])('%j in %j', async (deletes, record, isGone) => {
    nock(HOST)
      .get('/things')
      .reply(200, [{ id: 1, at: day(1), ...record }]);
    const { counts } = await reader(things(deletes), 'things')();
    expect(counts.deleted ?? 0).toBe(isGone ? 1 : 0);
  });

  test('the time is taken from where it is, and a wrong one is rejected with its page', async () => {
    nock(HOST)
      .get('/things')
      .reply(200, [
        { id: 1, at: day(9), gone: true, meta: { when: '2024-01-08 12:00:00+02' } },
        { id: 2, at: day(9), gone: true, meta: { when: 'yesterday' } },
        { id: 3, at: day(9), gone: true },
      ]);
    const read = reader(things({ field: 'gone', at: '/meta/when' }), 'things');
    const { rows, firstRejected } = await read();
    expect(rows).toEqual([`- 1 ${day(9)} (2024-01-08)`, `- 3 ${day(9)} (${new Date().toISOString().slice(0, 10)})`]);
    expect(firstRejected).toContain('things, record 2: a deleted record: "/meta/when" is not a date-time');
  });

  test('records that belong to a deleted one are not requested', async () => {
    const streams = {
      ...things({ field: 'gone' }),
      parts: { path: '/things/{parent.id}/parts', parent: { stream: 'things' }, schema: { id: 'int64' } },
    };
    nock(HOST)
      .get('/things')
      .reply(200, [{ id: 1, gone: true }, { id: 2 }]);
    nock(HOST)
      .get('/things/2/parts')
      .reply(200, [{ id: 20 }]);
    expect((await reader(streams, 'parts')()).rows).toEqual(['20']);
  });
});

describe('an endpoint', () => {
  const things = (deletes: object, more: object = {}) => ({
    things: {
      path: '/things',
      query: { since: '{since}' },
      primaryKey: ['id'],
      cursor: { field: 'at', format: 'seconds' },
      schema: { id: 'int64', at: 'date-time' },
      deletes,
      ...more,
    },
  });
  const trash = {
    path: '/trash',
    query: { deleted_since: '{since}' },
    records: '/items',
    fields: { id: { from: '/ref/id' }, at: { from: 'when', unit: 'seconds' } },
    at: 'at',
  };
  const entry = (id: number, number: number) => ({ ref: { id }, when: Date.parse(day(number)) / 1000 });

  test('is read first, page by page, from the same time on; the state moves on', async () => {
    const pagination = { type: 'cursor', place: '/next', parameter: 'after', optional: true };
    const read = reader(things({ ...trash, pagination }), 'things');
    const order: string[] = [];
    const page = (path: string, body: object) =>
      nock(HOST)
        .get(path)
        .reply(() => {
          order.push(path);
          return [200, body];
        });
    page('/trash', { items: [] });
    page('/things', [
      { id: 1, at: day(1) },
      { id: 2, at: day(2) },
    ]);
    expect((await read()).rows).toEqual(['+ 1', '+ 2']);
    const since = Date.parse(day(2)) / 1000;
    page(`/trash?deleted_since=${since}`, { items: [entry(1, 5), entry(9, 5)], next: 'b' });
    // The API returns what is older, too; the engine drops it.
    page(`/trash?deleted_since=${since}&after=b`, { items: [entry(2, 6), entry(7, 1)] });
    page(`/things?since=${since}`, [{ id: 1, at: day(3) }]);
    const { rows, state, counts } = await read();
    expect(order.slice(2).map((path) => path.split('?')[0])).toEqual(['/trash', '/trash', '/things']);
    // 1 came back after it was deleted.
    expect(rows).toEqual([
      `- 1 ${day(5)} (2024-01-05)`,
      `- 9 ${day(5)} (2024-01-05)`,
      `- 2 ${day(6)} (2024-01-06)`,
      '+ 1',
    ]);
    expect(counts).toMatchObject({ deleted: 3, outside: 1 });
    expect(state?.cursor).toBe(day(6));
  });

  test('a full read does not ask it', async () => {
    nock(HOST)
      .get('/things')
      .reply(200, [{ id: 1, at: day(1) }]);
    expect((await reader(things(trash), 'things')({ fullRefresh: true })).rows).toEqual(['1']);
  });

  test('may list bare keys, of which the state knows nothing', async () => {
    nock(HOST)
      .post('/gone', { from: 'start' })
      .reply(200, { ids: [4, 5] });
    nock(HOST)
      .get('/things')
      .reply(200, [{ id: 1, at: day(1) }]);
    const read = reader(
      things({ path: '/gone', method: 'POST', json: { from: 'start' }, records: 'ids', shape: 'values', key: 'id' }),
      'things',
    );
    const { rows, state } = await read();
    expect(rows).toEqual([expect.stringContaining('- 4 null'), expect.stringContaining('- 5 null'), '+ 1']);
    expect(state?.cursor).toBe(day(1));
  });

  test('may list all changes, of which a field marks the deletions', async () => {
    nock(HOST)
      .get('/log')
      .reply(200, [
        { id: 1, at: day(1), type: 'deleted' },
        { id: 2, at: day(1), type: 'changed' },
      ]);
    nock(HOST).get('/things').reply(200, []);
    const read = reader(things({ path: '/log', field: 'type', equals: 'deleted' }), 'things');
    expect((await read()).rows).toEqual([expect.stringContaining(`- 1 ${day(1)}`)]);
  });

  test('a key that lacks a field or has another type is rejected, not applied', async () => {
    nock(HOST)
      .get('/trash')
      .reply(200, { items: [{ when: 1 }, { ref: { id: 'x' }, when: 1 }] });
    nock(HOST).get('/things').reply(200, []);
    const { rows, counts, firstRejected } = await reader(things(trash), 'things')();
    expect(rows).toEqual([]);
    expect(counts.rejected).toBe(2);
    expect(firstRejected).toContain('a deleted key: "id" is missing');
  });

  test('of lists that belong to records is read once, up to the time when reading begins', async () => {
    const streams = {
      teams: { path: '/teams', schema: { id: 'int64' } },
      people: {
        path: '/teams/{parent.id}/people',
        parent: { stream: 'teams' },
        primaryKey: ['id'],
        cursor: { field: 'at' },
        schema: { id: 'int64', at: 'date-time' },
        deletes: { path: '/former' },
      },
    };
    const date = { date: new Date(day(10)).toUTCString() };
    nock(HOST)
      .get('/former')
      .reply(
        200,
        [
          { id: 8, at: day(9) },
          { id: 9, at: day(11) },
        ],
        date,
      );
    nock(HOST)
      .get('/teams')
      .reply(200, [{ id: 1 }, { id: 2 }], date);
    for (const team of [1, 2])
      nock(HOST)
        .get(`/teams/${team}/people`)
        .reply(200, [{ id: team, at: day(team) }]);
    const { rows, state } = await reader(streams, 'people')();
    expect(rows).toEqual([expect.stringContaining('- 8'), '+ 1', '+ 2']);
    expect(state?.cursor).toBe(day(9));
  });
});

describe('a status', () => {
  const streams = (deletes: object, more: object = {}) => ({
    things: { path: '/things', schema: { id: 'int64' } },
    details: {
      path: '/things/{parent.id}',
      parent: { stream: 'things', copy: { id: 'id' } },
      shape: 'object',
      primaryKey: ['id'],
      cursor: { field: 'at' },
      schema: { id: 'int64', at: 'date-time' },
      deletes,
      ...more,
    },
  });
  const answers = (statuses: Record<number, number>) => {
    nock(HOST)
      .get('/things')
      .reply(
        200,
        Object.keys(statuses).map((id) => ({ id: Number(id) })),
      );
    for (const [id, status] of Object.entries(statuses))
      nock(HOST)
        .get(`/things/${id}`)
        .reply(status, status === 200 ? { id: Number(id), at: day(1) } : undefined);
  };

  test('means that a record is gone', async () => {
    answers({ 1: 200, 2: 404, 3: 410, 4: 200 });
    const { rows } = await reader(streams({ status: [404, 410] }), 'details')();
    expect(rows).toEqual(['+ 1', expect.stringContaining('- 2'), expect.stringContaining('- 3'), '+ 4']);
  });

  test('is one of those that are listed; others mean nothing there, or end the run', async () => {
    answers({ 1: 204, 2: 410, 3: 404 });
    const { rows } = await reader(streams({ status: [410] }), 'details', { absent: [404] })();
    expect(rows).toEqual([expect.stringContaining('- 2')]);
    answers({ 1: 404 });
    await expect(reader(streams({ status: [410] }), 'details')()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('is only "nothing there" in a full read', async () => {
    answers({ 1: 200, 2: 404 });
    const { rows } = await reader(streams({ status: [404] }), 'details')({ fullRefresh: true });
    expect(rows).toEqual(['1']);
  });
});

test('what does not fit together is reported with its place', () => {
  const base = { path: '/things', primaryKey: ['id'], cursor: { field: 'at' } };
  const problems = (stream: object) => {
    const streams = { above: { path: '/above' }, things: { ...base, ...stream } };
    const { error } = restApi.safeParse({ baseUrl: HOST, streams });
    return (error?.issues ?? []).map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`);
  };
  const parent = { stream: 'above', copy: { other: 'id' } };
  expect(
    [
      { deletes: { field: 'gone' } },
      { deletes: {} },
      { deletes: { field: 'gone' }, primaryKey: undefined },
      { deletes: { status: [404], field: 'gone' } },
      { deletes: { status: [404] } },
      { deletes: { status: [200] } },
      { deletes: { status: [404], at: 'x' }, parent, path: '/{parent.id}' },
      { deletes: { equals: true, path: '/x' } },
      { deletes: { field: 'gone', query: {}, records: 'x' } },
      { deletes: { path: '/trash' }, cursor: undefined },
      { deletes: { path: '/trash/{parent.id}', query: { since: '$' + '{since}' } } },
      { deletes: { path: '/trash', json: {} } },
      { deletes: { path: '/trash', shape: 'list', key: 'id' } },
      { deletes: { path: '/trash', pagination: { type: 'cursor', parameter: 'x' } } },
      { deletes: { path: '/trash', fields: { ids: { from: 'x' } } } },
      { deletes: { feild: 'gone' } },
    ].map(problems),
  ).toMatchInlineSnapshot(`
    [
      [],
      [
        "deletes: expected "field", "status" or "path", which say how deleted records are told",
      ],
      [
        "deletes: needs a primaryKey, which says which record is deleted",
      ],
      [
        "deletes.status: cannot be used with "field" or "path"",
      ],
      [
        "deletes.status: needs a parent, whose records are requested one by one",
      ],
      [
        "deletes.status.0: Too small: expected number to be >=400",
        "deletes.status: needs a parent, whose records are requested one by one",
      ],
      [
        "deletes.at: is not used with "status"",
        "deletes.status: needs parent.copy to have the primary key: id is missing there",
      ],
      [
        "deletes.equals: needs "field", the place to compare",
      ],
      [
        "deletes.query: needs "path", an endpoint that lists deleted records",
        "deletes.records: needs "path", an endpoint that lists deleted records",
      ],
      [
        "deletes: needs a cursor: without one, everything is read each time, and what is deleted is not there",
      ],
      [
        "deletes.path: {parent.id} is not known: deleted records are listed once, not for each parent",
        "deletes.query.since: write {since}, without the $",
      ],
      [
        "deletes.json: needs the method POST, not GET",
      ],
      [
        "deletes.key: is only used with shape map or values",
      ],
      [
        "deletes.pagination: expected exactly one of "place", "header" and "lastRecord", the place of the cursor",
      ],
      [
        "deletes.fields.ids: "ids" is not in the primary key or the cursor, did you mean id?",
      ],
      [
        "deletes: Unrecognized key: "feild"",
        "deletes: expected "field", "status" or "path", which say how deleted records are told",
      ],
    ]
  `);
});
