import nock from 'nock';
import { describe, expect, test } from 'vitest';
import { readAll } from '../../testing/src/read-all.ts';
import { stubNetwork } from '../../testing/src/stubbed-network.ts';
import { restApi, restSource } from './index.ts';

stubNetwork();

const source = restSource({ config: restApi, api: (api) => api });
const HOST = 'https://api.example.com';

/** Reads the stream `things` of an API that has only this one; requests are tried twice, at once. */
const read = async (stream: object, api: object = {}) => {
  const streams = { things: { path: '/things', ...stream } };
  const config = { baseUrl: HOST, retry: { attempts: 2, delay: 0 }, streams, ...api };
  return (await readAll(source, { config, stream: 'things' })).records;
};
const answers = (body: unknown) =>
  nock(HOST)
    .get('/things')
    .reply(200, body as object);
const refused = (code: string, message: RegExp) => ({ code, message: expect.stringMatching(message) });

describe('the shape of a response', () => {
  test.each([
    ['a list', {}, [{ id: 1 }], [{ id: 1 }]],
    ['one object', {}, { id: 1, tags: ['a'] }, [{ id: 1, tags: ['a'] }]],
    ['one object, declared', { shape: 'object' }, { id: 1, emails: [{ a: 1 }] }, [{ id: 1, emails: [{ a: 1 }] }]],
    ['one object at a place', { shape: 'object', records: '/user' }, { user: { id: 1 } }, [{ id: 1 }]],
    ['a map', { shape: 'map', records: 'items' }, { items: { a: { id: 1 }, b: { id: 2 } } }, [{ id: 1 }, { id: 2 }]],
    [
      'a map with names',
      { shape: 'map', key: 'k' },
      { a: { id: 1 }, 2: { id: 2 } },
      [
        { k: '2', id: 2 },
        { k: 'a', id: 1 },
      ],
    ],
    ['values', { shape: 'values' }, ['a', 'b'], [{ value: 'a' }, { value: 'b' }]],
    ['values with a name', { shape: 'values', key: 'id' }, [1, 2], [{ id: 1 }, { id: 2 }]],
    ['nothing', { shape: 'object', records: '/user' }, { user: null }, []],
  ])('%s', async (_, stream, body, records) => {
    answers(body);
    expect(await read(stream)).toEqual(records);
  });

  test.each([
    [
      'an object with a list in it',
      {},
      { items: [{ id: 1 }] },
      /expected a list of records, got an object; the response has items/,
    ],
    ['an object with an empty list', {}, { items: [], total: 0 }, /the response has items, total/],
    ['an object where a list is declared', { shape: 'list' }, { id: 1 }, /expected a list of records, got an object/],
    [
      'an object at the place of the list',
      { records: '/data' },
      { data: { id: 1 } },
      /list of records at "\/data", got an object/,
    ],
    ['a list in place of an object', { shape: 'object' }, [], /expected an object, which is the record, got an array/],
    [
      'a list in place of a map',
      { shape: 'map', records: '/x' },
      { x: [] },
      /members are records at "\/x", got an array/,
    ],
    ['an object in place of values', { shape: 'values' }, { a: 1 }, /expected a list of values, got an object/],
    ['nothing at all', { shape: 'map', records: '/x' }, { y: 1 }, /at "\/x", got nothing; the response has y/],
  ])('%s is refused', async (_, stream, body, message) => {
    answers(body);
    await expect(read(stream)).rejects.toMatchObject(refused('DATA_INVALID', message));
  });
});

describe('absent statuses', () => {
  test('mean empty lists, wherever records are', async () => {
    nock(HOST).get('/things').reply(404, 'no such list');
    expect(await read({ absent: [404], records: '/data/items' })).toEqual([]);
    nock(HOST).get('/things').reply(204);
    expect(
      await read({ records: '/data/items', pagination: { type: 'cursor', place: '/next', parameter: 'c' } }),
    ).toEqual([]);
  });

  test.each([[404], [204]])('end a list of pages: %d', async (status) => {
    nock(HOST)
      .get('/things?page=1')
      .reply(200, { items: [{ id: 1 }] });
    nock(HOST).get('/things?page=2').reply(status);
    const pagination = { type: 'page' };
    expect(await read({ pagination, records: '/items' }, { absent: [404] })).toEqual([{ id: 1 }]);
  });

  test('do not affect the lists of other parents', async () => {
    nock(HOST)
      .get('/teams')
      .reply(200, [{ id: 1 }, { id: 2 }, { id: 3 }]);
    for (const [id, status] of [
      [1, 200],
      [2, 404],
      [3, 200],
    ] as const)
      nock(HOST)
        .get(`/teams/${id}/people`)
        .reply(status, { items: [{ team: id }] });
    const config = {
      baseUrl: HOST,
      streams: {
        teams: { path: '/teams' },
        people: { path: '/teams/{parent.id}/people', records: 'items', absent: [404], parent: { stream: 'teams' } },
      },
    };
    expect((await readAll(source, { config, stream: 'people' })).records).toEqual([{ team: 1 }, { team: 3 }]);
  });

  test('are errors unless declared', async () => {
    nock(HOST).get('/things').reply(404);
    await expect(read({})).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('GraphQL', () => {
  const things = {
    path: '/graphql',
    method: 'POST',
    json: { query: 'query($first: Int, $after: String) { … }', variables: { first: 1 } },
    records: '/data/things/nodes',
    pagination: {
      type: 'cursor',
      place: '/data/things/pageInfo/endCursor',
      more: '/data/things/pageInfo/hasNextPage',
      parameter: '/variables/after',
      in: 'json',
    },
    failure: { place: '/errors', reason: '/errors/0/extensions/code', auth: ['FORBIDDEN'], busy: ['THROTTLED'] },
  };
  const page = (id: number, hasNextPage: boolean) => ({
    data: { things: { nodes: [{ id }], pageInfo: { hasNextPage, endCursor: `E${id}` } } },
    errors: [],
  });
  const asked = (variables: Record<string, string | number>) =>
    nock(HOST).post('/graphql', { query: things.json.query, variables });

  test.each(['/variables/after', 'variables.after'])(
    'the cursor goes to %s of the body, beside what is there',
    async (parameter) => {
      asked({ first: 1 }).reply(200, page(1, true));
      asked({ first: 1, after: 'E1' }).reply(200, page(2, false));
      expect(await read({ ...things, pagination: { ...things.pagination, parameter } })).toEqual([
        { id: 1 },
        { id: 2 },
      ]);
    },
  );

  test('a rate limit reported with status 200 is obeyed', async () => {
    asked({ first: 1 }).reply(200, { errors: [{ extensions: { code: 'THROTTLED' } }] });
    asked({ first: 1 }).reply(200, page(1, false));
    expect(await read(things)).toEqual([{ id: 1 }]);
  });

  test('errors fail the read, with the declared code', async () => {
    asked({ first: 1 }).reply(200, { errors: [{ message: 'x', extensions: { code: 'FORBIDDEN' } }] });
    await expect(read(things)).rejects.toMatchObject(refused('NOT_ALLOWED', /graphql: the API reported FORBIDDEN$/));
    asked({ first: 1 }).reply(200, { errors: [{ message: 'x' }] });
    await expect(read(things)).rejects.toMatchObject(
      refused('CONFIG_INVALID', /the API reported "\/errors": \[{"message":"x"}\]/),
    );
  });

  test('a body with something else in place of the variables is an error', async () => {
    nock(HOST).post('/graphql').reply(200, page(1, true));
    await expect(read({ ...things, json: { variables: 'none' } })).rejects.toMatchObject(
      refused('CONFIG_INVALID', /no object at "variables" of "\/variables\/after"/),
    );
  });
});

test('options that go together are checked: shapes and keys, places and headers', async () => {
  await expect(read({ key: 'id', pagination: { type: 'next', place: 'a', header: 'b' } })).rejects.toMatchObject(
    refused(
      'CONFIG_INVALID',
      /things.pagination: expected either "place" or "header".*things.key: is only used with shape/,
    ),
  );
});
