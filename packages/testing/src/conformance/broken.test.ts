import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AriesError,
  checkpoint,
  defineSource,
  defineTransform,
  int64,
  type JsonRecord,
  type ReadContext,
} from '@aries-data/sdk';
import nock from 'nock';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { type ConformanceSuites, conformance } from './conformance.ts';
import { type Fault, memoryDestination } from './memory-destination.ts';
import { defineConformance } from './suite.ts';

type Connector = Parameters<typeof conformance>[0];

// Rules for which a report was made.
const broken = new Set<string>();

/** What the report says of one rule, or that it was kept. */
async function report(id: string, connector: Connector, suites: ConformanceSuites): Promise<string> {
  const rule = conformance(connector, suites).find((one) => one.id === id)!;
  return rule.run().then(
    ({ skipped }) => (skipped === undefined ? 'kept' : `skipped: ${skipped}`),
    (error: AriesError) => {
      broken.add(id);
      return `${error.message}\n→ ${error.hint}`;
    },
  );
}

interface World extends AsyncDisposable {
  things: JsonRecord[];
  config: { server: string; token: string };
}

const worlds = new Map<string, World>();

const schema = z.object({ id: int64(), name: z.string(), at: z.iso.datetime() });
const thing = (id: number, minute = id) => ({
  id: String(id),
  name: `thing ${id}`,
  at: `2024-01-01T00:${String(minute).padStart(2, '0')}:00Z`,
});

const suite = defineConformance({
  setup(): World {
    const server = `server-${worlds.size}`;
    const world: World = {
      things: Array.from({ length: 30 }, (_, id) => thing(id)),
      config: { server, token: 'hunter2-hunter2' },
      [Symbol.asyncDispose]: async () => void worlds.delete(server),
    };
    worlds.set(server, world);
    return world;
  },
  mutate(step, { things }) {
    things.push(thing(100 + step, 28 + step), thing(200 + step, 29 + step));
  },
});

const config = z.object({
  server: z.string().describe('Name of the server'),
  token: z.string().describe('Its token').meta({ secret: true }),
});
type Config = z.output<typeof config>;

const thingsOf = ({ server }: Config) => worlds.get(server)!.things;

/** Pages of ten, with a checkpoint behind each. */
async function* read({ config, window, position }: ReadContext<Config>) {
  const { since, until } = window;
  const things = thingsOf(config).filter(
    ({ at }) => (since === undefined || String(at) >= since) && (until === undefined || String(at) < until),
  );
  for (let from = Number(position ?? 0); from < things.length; from += 10) {
    yield structuredClone(things.slice(from, from + 10)) as z.input<typeof schema>[];
    yield checkpoint(from + 10);
  }
}

const whole = { schema, primaryKey: ['id'] as ['id'], cursor: 'at' as const, read };

/** A good source, with one stream that differs. */
function sourceWith(stream: Record<string, unknown>, definition: Record<string, unknown> = {}) {
  return defineSource({
    config,
    streams: () => ({ things: { ...whole, ...stream } }) as never,
    ...definition,
  } as never);
}

const ofSource = (id: string, source: unknown, suites: ConformanceSuites = { source: suite }) =>
  report(id, { name: 'things', source }, suites);

const HTTP_RULES = ['source/rate-limit', 'source/retry', 'source/refused'];

test('a good source keeps every rule', async () => {
  const large = defineConformance({ ...suite, large: { name: 'things', megabytes: 50 } });
  for (const { id, run } of conformance({ name: 'things', source: sourceWith({}) }, { source: large }))
    if (!HTTP_RULES.includes(id)) expect({ id, ...(await run()) }).toEqual({ id });
});

test('source/spec', async () => {
  const bare = config.extend({ page: z.number().optional() });
  expect(await ofSource('source/spec', sourceWith({}, { config: bare }))).toMatchInlineSnapshot(`
    "things breaks "The config can be described" (source/spec): the option "page" says nothing of itself; add .describe('…')
    → What the rule is for: help, the table of options and the check of a config are all made from its schema"
  `);
});

test('source/config-errors', async () => {
  expect(
    await ofSource('source/config-errors', sourceWith({}, { config: z.looseObject(config.shape) })),
  ).toMatchInlineSnapshot(`
    "things breaks "A wrong config is refused by name" (source/config-errors): an unknown option is accepted in silence
    → What the rule is for: a misspelt option that is ignored is found weeks later, in the data"
  `);
});

test('source/check', async () => {
  const check = async () => {
    throw new AriesError('NOT_ALLOWED', 'The server refuses the token');
  };
  expect(await ofSource('source/check', sourceWith({}, { check }))).toMatchInlineSnapshot(`
    "things breaks "check accepts a config that works" (source/check): The server refuses the token (NOT_ALLOWED)
    → What the rule is for: people run it before they schedule anything, and believe it"
  `);
});

test('source/discover-stable', async () => {
  let calls = 0;
  const streams = () => ({ [`things${calls++}`]: whole });
  expect(await ofSource('source/discover-stable', sourceWith({}, { streams }))).toMatchInlineSnapshot(`
    "things breaks "Discover says the same twice" (source/discover-stable): stream 1 was {"name":"things0","schema":{"type":"object","properties":{"id":{"type":"string","format":"int64"},"name":{"type":"string"},"at":{"type":"string","format":"date-time"}},"required":["id","name","at"],"additionalProperties":false},"primaryKey":["id"],"cursor":"at"}, and then {"name":"things1","schema":{"type":"object","properties":{"id":{"type":"string","format":"int64"},"name":{"type":"string"},"at":{"type":"string","format":"date-time"}},"required":["id","name","at"],"additionalProperties":false},"primaryKey":["id"],"cursor":"at"}
    → What the rule is for: where streams change their order or types by chance, a run that is repeated is another run"
  `);
});

test('source/schema', async () => {
  const lying = sourceWith({
    async *read() {
      yield [{ ...thing(1), name: 5 }];
    },
  });
  expect(await ofSource('source/schema', lying)).toMatchInlineSnapshot(`
    "things breaks "Records match their schema" (source/schema): things: record 1: "name": expected string, got number 5
    → What the rule is for: tables are made from the schema; a record that does not match it is rejected, and missing there"
  `);
});

test('source/primary-key', async () => {
  const twice = sourceWith({
    async *read() {
      yield [thing(1), thing(1, 2)];
    },
  });
  expect(await ofSource('source/primary-key', twice)).toMatchInlineSnapshot(`
    "things breaks "Primary keys are there, and unique" (source/primary-key): things: two records have the key ["1"]: {"id":"1","name":"thing 1","at":"2024-01-01T00:02:00Z"}
    → What the rule is for: a merge keeps one record of each key: of two with the same key one is lost"
  `);
});

test('source/cursor', async () => {
  const after = sourceWith({
    read: (ctx: ReadContext<Config>) =>
      read({ ...ctx, window: ctx.window.since === undefined ? {} : { ...ctx.window, since: `${ctx.window.since}+` } }),
  });
  expect(await ofSource('source/cursor', after)).toMatchInlineSnapshot(`
    "things breaks "The cursor is true" (source/cursor): things: asked for {"since":"2024-01-01T00:10:00Z"}, a record of it is not given: {"id":"10","name":"thing 10","at":"2024-01-01T00:10:00Z"}
    → What the rule is for: what lies in a window and is not given is never asked for again, and what lies beyond the state is skipped"
  `);
});

test('source/incremental', async () => {
  // What was added at the greatest value that was there is never asked for again.
  const after = sourceWith({
    async *read(ctx: ReadContext<Config>) {
      yield thingsOf(ctx.config).filter(({ at }) => ctx.window.since === undefined || String(at) > ctx.window.since);
    },
  });
  expect(await ofSource('source/incremental', after)).toMatchInlineSnapshot(`
    "things breaks "Read step by step, it is what it is read at once" (source/incremental): things: 4 incremental reads missed a record: {"id":"101","name":"thing 101","at":"2024-01-01T00:29:00Z"}
    → What the rule is for: incremental reads are how most data is moved, and nobody notices a record that they miss"
  `);
});

test('source/restart', async () => {
  const skipping = sourceWith({
    read: (ctx: ReadContext<Config>) =>
      read(ctx.position === undefined ? ctx : { ...ctx, position: Number(ctx.position) + 1 }),
  });
  expect(await ofSource('source/restart', skipping)).toMatchInlineSnapshot(`
    "things breaks "Gone on from any checkpoint, it is as if never interrupted" (source/restart): things: gone on from 10, a record is lost: {"id":"10","name":"thing 10","at":"2024-01-01T00:10:00Z"}
    → What the rule is for: a task that dies is gone on with from its last checkpoint; a wrong one loses records or doubles them"
  `);
});

test('source/cancel', async () => {
  const timers: NodeJS.Timeout[] = [];
  const leaking = sourceWith({
    async *read({ signal }: ReadContext<Config>) {
      if (signal.aborted) return;
      timers.push(setTimeout(() => {}, 60_000));
      yield [thing(1)];
    },
  });
  expect(await ofSource('source/cancel', leaking)).toMatchInlineSnapshot(`
    "things breaks "Stopped, it ends within a second and leaves nothing open" (source/cancel): it leaves open: Timeout
    → What the rule is for: a scheduler kills what does not stop, and a handle that stays open keeps the process alive for ever"
  `);
  for (const timer of timers) clearTimeout(timer);
});

test('source/secrets', async () => {
  const printing = sourceWith({
    async *read({ config }: ReadContext<Config>) {
      console.log(`GET /things?token=${config.token}`);
      yield [thing(1)];
    },
  });
  expect(await ofSource('source/secrets', printing)).toMatchInlineSnapshot(`
    "things breaks "Secrets are kept" (source/secrets): a secret of the config, of 15 characters, is in what it prints
    → What the rule is for: logs, manifests and results are read by many, and kept for years"
  `);
  const unmarked = config.extend({ token: z.string().describe('Its token') });
  expect(await ofSource('source/secrets', sourceWith({}, { config: unmarked }))).toMatchInlineSnapshot(`
    "things breaks "Secrets are kept" (source/secrets): the option "token" is not marked as secret; add .meta({ secret: true })
    → What the rule is for: logs, manifests and results are read by many, and kept for years"
  `);
});

test('source/memory', async () => {
  const gathering = sourceWith({
    async *read() {
      const pages: Buffer[] = [];
      for (let page = 0; page < 60; page++) {
        await sleep(5);
        pages.push(Buffer.alloc(1024 * 1024, page));
        yield [thing(page)];
      }
      yield [thing(pages.length)];
    },
  });
  const large = defineConformance({ ...suite, large: { name: 'things', megabytes: 8 } });
  const said = await ofSource('source/memory', gathering, { source: large });
  expect(said.replace(/\d+ MiB after \d+ records/, 'N MiB after N records')).toMatchInlineSnapshot(`
    "things breaks "Memory does not grow with the stream" (source/memory): things: it holds N MiB after N records; 8 are allowed
    → What the rule is for: a container is killed at its limit, at the largest table, on the busiest day"
  `);
});

const API = 'https://things.example.com';

/** Things behind an API of three pages. */
const ofApi = defineConformance({
  setup() {
    const page = (request: Request) => Number(new URL(request.url).searchParams.get('page') ?? 1);
    const requests = nock(API)
      .persist()
      .get(/^\/things/);
    requests.reply((request: Request) => [200, page(request) > 3 ? [] : [thing(page(request))]]);
    return {
      config: { server: API, token: 'x' },
      [Symbol.asyncDispose]: async () => void nock.removeInterceptor(requests),
    };
  },
});

/** A source that reads the pages in some way. */
function apiSource(pages: (ctx: ReadContext<Config>) => AsyncIterable<readonly unknown[]>, retry: object = {}) {
  const http = { baseUrl: API, pagination: { type: 'page' as const }, retry };
  return sourceWith({ cursor: undefined, read: pages }, { http });
}

const good = ({ http }: ReadContext<Config>) => http.pages('/things');

test('a good source keeps the rules about HTTP', async () => {
  for (const id of HTTP_RULES) expect(await ofSource(id, apiSource(good), { source: ofApi })).toBe('kept');
});

test('source/rate-limit', async () => {
  const hasty = apiSource(async function* () {
    for (let page = 1; page <= 3; ) {
      const answer = await fetch(`${API}/things?page=${page}`);
      if (answer.status === 429) continue;
      yield (await answer.json()) as unknown[];
      page++;
    }
  });
  expect(await ofSource('source/rate-limit', hasty, { source: ofApi })).toMatchInlineSnapshot(`
    "things breaks "Told to wait, it waits, and then gives the same" (source/rate-limit): told with Retry-After to wait for 1 second, it sends the same request again before that
    → What the rule is for: every API has a limit; whoever goes on asking is shut out for longer, and whoever gives up never finishes"
  `);
  const losing = apiSource(async function* () {
    for (let page = 1; page <= 3; page++) {
      const answer = await fetch(`${API}/things?page=${page}`);
      if (answer.ok) yield (await answer.json()) as unknown[];
      else await sleep(1010);
    }
  });
  expect(await ofSource('source/rate-limit', losing, { source: ofApi })).toMatchInlineSnapshot(`
    "things breaks "Told to wait, it waits, and then gives the same" (source/rate-limit): things: a request is answered with 429 once, and a record is lost: {"id":"2","name":"thing 2","at":"2024-01-01T00:02:00Z"}
    → What the rule is for: every API has a limit; whoever goes on asking is shut out for longer, and whoever gives up never finishes"
  `);
});

test('source/retry', async () => {
  const once = apiSource(good, { attempts: 1 });
  expect(await ofSource('source/retry', once, { source: ofApi })).toMatchInlineSnapshot(`
    "things breaks "What fails once is tried again, and gives the same" (source/retry): a request is answered with 503 once, and it ends: GET https://things.example.com/things?page=3 was answered with 503: This is a 503 of the conformance battery (UNREACHABLE)
    → What the rule is for: of a million requests some fail; a run that ends with the first of them never reads a large stream to its end"
  `);
});

test('source/refused', async () => {
  const stubborn = apiSource(async function* ({ http }) {
    for (let attempt = 1; ; attempt++) {
      try {
        yield (await http.json<unknown[]>('/things')).body;
        return;
      } catch (error) {
        if (attempt === 3) throw error;
      }
    }
  });
  expect(await ofSource('source/refused', stubborn, { source: ofApi })).toMatchInlineSnapshot(`
    "things breaks "A refusal ends the read at once, as one" (source/refused): a request that is answered with 401 is sent 3 times
    → What the rule is for: a key that was taken back does not come back by asking; accounts are locked for it, and nobody is told what to mend"
  `);
  const vague = apiSource(async function* () {
    const answer = await fetch(`${API}/things`);
    if (!answer.ok) throw new Error('It did not work');
    yield (await answer.json()) as unknown[];
  });
  expect(await ofSource('source/refused', vague, { source: ofApi })).toMatchInlineSnapshot(`
    "things breaks "A refusal ends the read at once, as one" (source/refused): every request is answered with 401, and it ends with CONNECTOR_FAILED, of kind bug: things: streams.things.read threw: It did not work
    → What the rule is for: a key that was taken back does not come back by asking; accounts are locked for it, and nobody is told what to mend"
  `);
  const silent = apiSource(async function* () {
    const answer = await fetch(`${API}/things`);
    yield answer.ok ? ((await answer.json()) as unknown[]) : [];
  });
  expect(await ofSource('source/refused', silent, { source: ofApi })).toMatchInlineSnapshot(`
    "things breaks "A refusal ends the read at once, as one" (source/refused): every request is answered with 401, and it ends as if all were well
    → What the rule is for: a key that was taken back does not come back by asking; accounts are locked for it, and nobody is told what to mend"
  `);
});

const transforms: ConformanceSuites = {
  transform: defineConformance({ input: { records: [thing(1), thing(2)] } }),
};
const ofTransform = (id: string, transform: unknown) => report(id, { name: 'change', transform }, transforms);

test('transform/schema', async () => {
  const lying = defineTransform({
    scope: 'batch',
    schema: (before) => before,
    async *apply(batches) {
      for await (const batch of batches) yield batch.map((record) => ({ ...record, extra: true }));
    },
  });
  expect(await ofTransform('transform/schema', lying)).toMatchInlineSnapshot(`
    "change breaks "What comes out is what its schema says" (transform/schema): a field comes out that its schema does not declare: "extra": {"at":"2024-01-01T00:01:00Z","extra":true,"id":"1","name":"thing 1"}
    → What the rule is for: the target is made from the schema; what does not match it cannot be loaded"
  `);
});

test('transform/counts', async () => {
  const losing = defineTransform({
    scope: 'batch',
    schema: (before) => before,
    async *apply(batches) {
      for await (const batch of batches) yield batch.slice(1);
    },
  });
  expect(await ofTransform('transform/counts', losing)).toMatchInlineSnapshot(`
    "change breaks "Every record is accounted for" (transform/counts): records: 2 records are staged, 2 were read; 1 came out, 0 were dropped, 0 rejected and 0 added (COUNTS_DIFFER)
    → What the rule is for: a record that a transform loses by mistake is lost in silence"
  `);
});

test('transform/streaming', async () => {
  const gathering = defineTransform({
    scope: 'batch',
    schema: (before) => before,
    async *apply(batches) {
      const all: JsonRecord[][] = [];
      for await (const batch of batches) all.push([...batch]);
      yield* all;
    },
  });
  expect(await ofTransform('transform/streaming', gathering)).toMatchInlineSnapshot(`
    "change breaks "A transform of batches gives each back before it takes the next" (transform/streaming): it took 5 batches before it gave one back
    → What the rule is for: memory must not grow with the dataset, and checkpoints keep their place only between batches"
  `);
});

function ofDestination(id: string, fault?: Fault) {
  const { destination, suite } = memoryDestination(fault);
  return report(id, { name: 'memory', destination }, { destination: suite });
}

test('a good destination keeps every rule', async () => {
  const { destination, suite } = memoryDestination();
  for (const { id, run } of conformance({ name: 'memory', destination }, { destination: suite }))
    expect({ id, ...(await run()) }).toEqual({ id });
});

test('destination/append', async () => {
  expect(await ofDestination('destination/append', 'append')).toMatchInlineSnapshot(`
    "memory breaks "append adds, and takes nothing away" (destination/append): after two appends a record is missing: {"id":"1","name":"a","at":"2024-01-01T12:00:00Z"}
    → What the rule is for: a history that is appended to exists nowhere else"
  `);
});

test('destination/replace', async () => {
  expect(await ofDestination('destination/replace', 'replace')).toMatchInlineSnapshot(`
    "memory breaks "replace leaves the dataset, and nothing else" (destination/replace): after two replaces the target has a record too many: {"id":"1","name":"a","at":"2024-01-01T12:00:00Z"}
    → What the rule is for: what was deleted at the source must not live on in the target"
  `);
});

test('destination/replace-interval', async () => {
  expect(await ofDestination('destination/replace-interval', 'replace-interval')).toMatchInlineSnapshot(`
    "memory breaks "replace-interval replaces what lies in the interval, and nothing else" (destination/replace-interval): after three days and the second one again the target has a record too many: {"id":"2","name":"b","at":"2024-01-02T12:00:00Z"}
    → What the rule is for: a day that is loaded again must not touch the days around it"
  `);
});

test('destination/merge', async () => {
  expect(await ofDestination('destination/merge', 'merge')).toMatchInlineSnapshot(`
    "memory breaks "merge adds new keys and changes known ones" (destination/merge): after two merges the target has a record too many: {"id":"2","name":"b","at":"2024-01-01T12:00:00Z"}
    → What the rule is for: a row that is not changed is out of date, and one that is added twice is counted twice"
  `);
});

test('destination/twice', async () => {
  expect(await ofDestination('destination/twice', 'twice')).toMatchInlineSnapshot(`
    "memory breaks "Loaded twice is loaded once" (destination/twice): after append of the same dataset twice the target has a record too many: {"id":"1","name":"a","at":"2024-01-01T12:00:00Z"}
    → What the rule is for: schedulers retry, also what had succeeded"
  `);
});

test('destination/duplicate-keys', async () => {
  expect(await ofDestination('destination/duplicate-keys', 'duplicate-keys')).toMatchInlineSnapshot(`
    "memory breaks "Of records with one key the latest stays" (destination/duplicate-keys): after a merge of two records of each key, ordered by cursor, then by place a record is missing; the target has {"id":"1","name":"old","at":"2024-01-01T12:00:00Z"}: {"id":"1","name":"new","at":"2024-01-03T12:00:00Z"}
    → What the rule is for: sources send a record each time it changes; an older one must not win by chance"
  `);
});

test('destination/key-updates', async () => {
  expect(await ofDestination('destination/key-updates', 'key-updates')).toMatchInlineSnapshot(`
    "memory breaks "A newer row is not replaced by an older record" (destination/key-updates): after a merge of an older and a newer record a record is missing; the target has {"id":"1","name":"older","at":"2024-01-02T12:00:00Z"}: {"id":"1","name":"newest","at":"2024-01-05T12:00:00Z"}
    → What the rule is for: a run that is cleared and runs late would undo what came after it"
  `);
});

test('destination/evolve', async () => {
  expect(await ofDestination('destination/evolve', 'evolve')).toMatchInlineSnapshot(`
    "memory breaks "evolve adds a column for a field that is new" (destination/evolve): after append with a new field a record is missing; the target has {"id":"2","name":"b","at":"2024-01-01T12:00:00Z"}: {"id":"2","name":"b","at":"2024-01-01T12:00:00Z","noteText":"new"}
    → What the rule is for: sources get fields; a load that fails or leaves them out stops, or loses them"
  `);
});

test('destination/freeze', async () => {
  expect(await ofDestination('destination/freeze', 'freeze')).toMatchInlineSnapshot(`
    "memory breaks "freeze refuses a dataset that would change the target" (destination/freeze): a dataset with a new field is loaded into a frozen target: {"id":"2","name":"b","at":"2024-01-01T12:00:00Z","noteText":"new"}
    → What the rule is for: others read the target, and were promised that it stays as it is"
  `);
});

test('destination/missing-fields', async () => {
  expect(await ofDestination('destination/missing-fields', 'missing-fields')).toMatchInlineSnapshot(`
    "memory breaks "Columns that a dataset lacks stay" (destination/missing-fields): after a merge without a field a record is missing; the target has {"id":"1","name":"changed","at":"2024-01-02T12:00:00Z"}: {"id":"1","name":"changed","at":"2024-01-02T12:00:00Z","noteText":"kept"}
    → What the rule is for: a source that sends less for a day must not empty what was there"
  `);
});

test('destination/names', async () => {
  expect(await ofDestination('destination/names', 'names')).toMatchInlineSnapshot(`
    "memory breaks "Names stay as they are" (destination/names): after a load into conformance "Items"; drop a record is missing; the target has {"id":"1","createdat":"value of createdAt","select":"value of select","with space":"value of with space","quo\\"te":"value of quo\\"te","apos'trophe":"value of apos'trophe","semi;colon --":"value of semi;colon --","back\\\\slash":"value of back\\\\slash","percent%s":"value of percent%s","$1":"value of $1"…: {"id":"1","createdAt":"value of createdAt","select":"value of select","with space":"value of with space","quo\\"te":"value of quo\\"te","apos'trophe":"value of apos'trophe","semi;colon --":"value of semi;colon --","back\\\\slash":"value of back\\\\slash","percent%s":"value of percent%s","$1":"value of $1"…
    → What the rule is for: people look for createdAt, not for createdat; and a quote in a name must not end a statement"
  `);
});

test('destination/null-and-empty', async () => {
  expect(await ofDestination('destination/null-and-empty', 'null-and-empty')).toMatchInlineSnapshot(`
    "memory breaks "Null is null, and an empty text is empty" (destination/null-and-empty): after a load of ndjson a record is missing; the target has {"id":"1","name":null,"at":"2024-01-01T12:00:00Z"}: {"id":"1","name":"","at":"2024-01-01T12:00:00Z"}
    → What the rule is for: whoever counts what is missing counts something else where the two are mixed up"
  `);
});

test('destination/unicode', async () => {
  expect(await ofDestination('destination/unicode', 'unicode')).toMatchInlineSnapshot(`
    "memory breaks "Every character arrives" (destination/unicode): after a load of ndjson a record is missing; the target has {"id":"1","name":"é beside é","at":"2024-01-01T12:00:00Z"}: {"id":"1","name":"é beside é","at":"2024-01-01T12:00:00Z"}
    → What the rule is for: names of people are data, and so are line breaks in what they write"
  `);
});

test('destination/huge-values', async () => {
  expect(await ofDestination('destination/huge-values', 'huge-values')).toMatchInlineSnapshot(`
    "memory breaks "Large values arrive whole and exact" (destination/huge-values): after a load of ndjson a record is missing: {"id":"9223372036854775807","exact":"1234567890123456789012345678.0123456789","float":1.7976931348623157e+308,"text":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
    → What the rule is for: a number past 2^53 that goes through a double is another number"
  `);
});

test('destination/zero-records', async () => {
  expect(await ofDestination('destination/zero-records', 'zero-records')).toMatchInlineSnapshot(`
    "memory breaks "No records are a good dataset" (destination/zero-records): after replace of a record, then of none the target has a record too many: {"id":"1","name":"a","at":"2024-01-01T12:00:00Z"}
    → What the rule is for: an empty day is no failure, and a table that was emptied at the source is empty"
  `);
});

test('destination/abort', async () => {
  expect(await ofDestination('destination/abort', 'abort')).toMatchInlineSnapshot(`
    "memory breaks "A load that is given up leaves the old data" (destination/abort): after a load that was given up once its records were written a record is missing; the target has {"id":"1","name":"new","at":"2024-01-02T12:00:00Z"}: {"id":"1","name":"a","at":"2024-01-01T12:00:00Z"}
    → What the rule is for: readers see the old table or the new one, never half of it"
  `);
});

test('what a destination refuses, how it compares, and what it meets', async () => {
  const reports: string[] = [];
  for (const fault of ['refused-values', 'cursor-order', 'at-once', 'remade'] as const)
    reports.push((await ofDestination(`destination/${fault}`, fault)).split('\n')[0]!);
  expect(reports).toMatchInlineSnapshot(`
    [
      "memory breaks "A value that does not fit is rejected, and its neighbours are loaded once" (destination/refused-values): "half \\ud83d of a pair" of the field "text" is neither rejected nor kept: "half � of a pair"",
      "memory breaks "Cursors are compared as what they are, not as texts" (destination/cursor-order): after merges by a cursor of instants a record is missing; the target has {"id":"0","name":"earlier","at":"2024-01-01T10:00:00Z"}: {"id":"0","name":"later","at":"2024-01-01T10:00:00.5Z"}",
      "memory breaks "Two loads at once leave what one after the other would leave" (destination/at-once): after two loads of one dataset at once the target has a record too many: {"id":"3","name":"new","at":"2024-01-02T12:00:00Z"}",
      "memory breaks "A target that was made again is noticed" (destination/remade): after append of the dataset that the target lost a record is missing: {"id":"1","name":"a","at":"2024-01-01T12:00:00Z"}",
    ]
  `);
});

const refusing = () => z.object({ server: z.string().describe('Its name') }).refine(() => false, 'is never right');

test.each(['transform', 'destination'] as const)('%s: config', async (role) => {
  const partWith = (config: z.ZodType) =>
    role === 'transform'
      ? defineTransform({ config, map: (record) => record })
      : { ...memoryDestination().destination, config };
  const of = (rule: string, config: z.ZodType) =>
    report(`${role}/${rule}`, { name: 'odd', [role]: partWith(config) }, { [role]: { config: { server: 'a' } } });
  const reports = [
    await of('spec', z.object({ server: z.string() })),
    await of('config-errors', z.looseObject({ server: z.string() })),
    await of('check', refusing()),
  ];
  expect(reports.map((text) => text.split('\n')[0]!.replaceAll(role, 'ROLE'))).toMatchInlineSnapshot(`
    [
      "odd breaks "The config can be described" (ROLE/spec): the option "server" says nothing of itself; add .describe('…')",
      "odd breaks "A wrong config is refused by name" (ROLE/config-errors): an unknown option is accepted in silence",
      "odd breaks "check accepts a config that works" (ROLE/check): odd: config : is never right (CONFIG_INVALID)",
    ]
  `);
});

test('for every rule there is a connector that breaks it, and a line in the guide', () => {
  const { destination, suite: ofMemory } = memoryDestination();
  const all = {
    name: 'all',
    source: sourceWith({}),
    transform: defineTransform({ map: (record) => record }),
    destination,
  };
  const rules = conformance(all, { source: suite, transform: {}, destination: ofMemory });
  expect(rules.filter(({ id }) => !broken.has(id)).map(({ id }) => id)).toEqual([]);
  const guide = readFileSync(new URL('../../../../docs/guides/testing.md', import.meta.url), 'utf8');
  const lines = rules.map(({ id, title, why }) => `| \`${id}\` | ${title} | ${why} |`);
  expect(lines.filter((line) => !guide.includes(line))).toEqual([]);
});

test('what does not apply says why', async () => {
  const plain = sourceWith({
    cursor: undefined,
    primaryKey: [],
    async *read() {
      yield [thing(1)];
    },
  });
  const skipped: Record<string, string> = {};
  for (const { id, run } of conformance({ name: 'things', source: plain }, { source: suite }))
    skipped[id] = (await run()).skipped ?? 'kept';
  expect(skipped).toMatchInlineSnapshot(`
    {
      "source/cancel": "kept",
      "source/check": "kept",
      "source/config-errors": "kept",
      "source/cursor": "no stream has a cursor",
      "source/discover-stable": "kept",
      "source/incremental": "no stream has a cursor",
      "source/memory": "the suite declares no large stream",
      "source/primary-key": "no stream has a primary key",
      "source/rate-limit": "it sends no requests by fetch, as the http of its context does",
      "source/refused": "it sends no requests by fetch, as the http of its context does",
      "source/restart": "no stream yields a checkpoint",
      "source/retry": "it sends no requests by fetch, as the http of its context does",
      "source/schema": "kept",
      "source/secrets": "kept",
      "source/spec": "kept",
    }
  `);
});

test('a part without a suite is named', () => {
  expect(() => conformance({ name: 'things', source: sourceWith({}) }, {})).toThrow(
    'the conformance.ts of things does not say how to test its source',
  );
});
