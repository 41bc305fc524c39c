import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AriesError,
  checkpoint,
  defineSource,
  defineTransform,
  deleted,
  int64,
  type JsonRecord,
  type ReadContext,
  withChange,
} from '@aries-data/sdk';
import { isCheckpoint, isDeleted, keysOf } from '@aries-data/sdk/internal';
import nock from 'nock';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { type ConformanceSuites, conformance } from './conformance.ts';
import { type Fault, memoryDestination } from './memory-destination.ts';
import { defineConformance } from './suite.ts';

type Connector = Parameters<typeof conformance>[0];

// Rules that some test has broken.
const broken = new Set<string>();

/** Returns the report of one broken rule, or says that it was kept. */
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
  server: z.string().describe('The name of the server'),
  token: z.string().describe('Its token').meta({ secret: true }),
});
type Config = z.output<typeof config>;

const thingsOf = ({ server }: Config) => worlds.get(server)!.things;

/** Yields pages of ten, each followed by a checkpoint. */
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

/** Makes a good source with changes to one stream. */
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
const CHANGE_RULES = ['source/deleted-keys', 'source/changes', 'source/positions', 'source/letting-go'];

test('a good source keeps every rule', async () => {
  const large = defineConformance({ ...suite, large: { name: 'things', megabytes: 50 } });
  for (const { id, run } of conformance({ name: 'things', source: sourceWith({}) }, { source: large }))
    if (![...HTTP_RULES, ...CHANGE_RULES].includes(id)) expect({ id, ...(await run()) }).toEqual({ id });
});

test('source/spec', async () => {
  const bare = config.extend({ page: z.number().optional() });
  expect(await ofSource('source/spec', sourceWith({}, { config: bare }))).toMatchInlineSnapshot(`
    "things breaks "The config describes its options" (source/spec): the option "page" has no description; add .describe('…')
    → Why this rule exists: help, the table of options and validation are all generated from its schema"
  `);
});

test('source/config-errors', async () => {
  expect(
    await ofSource('source/config-errors', sourceWith({}, { config: z.looseObject(config.shape) })),
  ).toMatchInlineSnapshot(`
    "things breaks "An invalid config is refused, naming the option" (source/config-errors): an unknown option is silently accepted
    → Why this rule exists: a misspelt option that is silently ignored is noticed weeks later, in the data"
  `);
});

test('source/check', async () => {
  const check = async () => {
    throw new AriesError('NOT_ALLOWED', 'The server refuses the token');
  };
  expect(await ofSource('source/check', sourceWith({}, { check }))).toMatchInlineSnapshot(`
    "things breaks "check accepts a config that works" (source/check): The server refuses the token (NOT_ALLOWED)
    → Why this rule exists: people run check before they schedule anything, and trust it"
  `);
});

test('source/discover-stable', async () => {
  let calls = 0;
  const streams = () => ({ [`things${calls++}`]: whole });
  expect(await ofSource('source/discover-stable', sourceWith({}, { streams }))).toMatchInlineSnapshot(`
    "things breaks "Discover returns the same result twice" (source/discover-stable): stream 1 was {"name":"things0","schema":{"type":"object","properties":{"id":{"type":"string","format":"int64"},"name":{"type":"string"},"at":{"type":"string","format":"date-time"}},"required":["id","name","at"],"additionalProperties":false},"primaryKey":["id"],"cursor":"at"} first and {"name":"things1","schema":{"type":"object","properties":{"id":{"type":"string","format":"int64"},"name":{"type":"string"},"at":{"type":"string","format":"date-time"}},"required":["id","name","at"],"additionalProperties":false},"primaryKey":["id"],"cursor":"at"} then
    → Why this rule exists: if streams change their order or types by chance, a repeated run is a different run"
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
    → Why this rule exists: tables are created from the schema; a record that does not match it is rejected and missing there"
  `);
});

test('source/primary-key', async () => {
  const twice = sourceWith({
    async *read() {
      yield [thing(1), thing(1, 2)];
    },
  });
  expect(await ofSource('source/primary-key', twice)).toMatchInlineSnapshot(`
    "things breaks "Primary keys are present and unique" (source/primary-key): things: two records have the key ["1"]: {"id":"1","name":"thing 1","at":"2024-01-01T00:02:00Z"}
    → Why this rule exists: a merge keeps one record for each key: of two with the same key, one is lost"
  `);
});

test('source/cursor', async () => {
  const after = sourceWith({
    read: (ctx: ReadContext<Config>) =>
      read({ ...ctx, window: ctx.window.since === undefined ? {} : { ...ctx.window, since: `${ctx.window.since}+` } }),
  });
  expect(await ofSource('source/cursor', after)).toMatchInlineSnapshot(`
    "things breaks "Windows and state agree with the cursor" (source/cursor): things: a read of {"since":"2024-01-01T00:10:00Z"} misses a record: {"id":"10","name":"thing 10","at":"2024-01-01T00:10:00Z"}
    → Why this rule exists: a record that a window misses is never read again, and a state that is too high skips records"
  `);
});

test('source/incremental', async () => {
  // Records added with the greatest value so far are never read.
  const after = sourceWith({
    async *read(ctx: ReadContext<Config>) {
      yield thingsOf(ctx.config).filter(({ at }) => ctx.window.since === undefined || String(at) > ctx.window.since);
    },
  });
  expect(await ofSource('source/incremental', after)).toMatchInlineSnapshot(`
    "things breaks "Incremental reads add up to a full read" (source/incremental): things: 4 incremental reads missed a record: {"id":"101","name":"thing 101","at":"2024-01-01T00:29:00Z"}
    → Why this rule exists: most data is moved by incremental reads, and a record that they miss goes unnoticed"
  `);
});

test('source/restart', async () => {
  const skipping = sourceWith({
    read: (ctx: ReadContext<Config>) =>
      read(ctx.position === undefined ? ctx : { ...ctx, position: Number(ctx.position) + 1 }),
  });
  expect(await ofSource('source/restart', skipping)).toMatchInlineSnapshot(`
    "things breaks "A read that resumes at any checkpoint returns exactly the rest" (source/restart): things: after a resume at 10, a record is lost: {"id":"10","name":"thing 10","at":"2024-01-01T00:10:00Z"}
    → Why this rule exists: a failed task resumes at its last checkpoint; a wrong checkpoint loses records or duplicates them"
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
    "things breaks "A stopped read ends within a second and leaves nothing open" (source/cancel): it leaves open: Timeout
    → Why this rule exists: a scheduler kills a task that does not stop, and an open handle keeps the process alive forever"
  `);
  for (const timer of timers) clearTimeout(timer);
});

/** Entries of a log: records, ids that are gone, and what it has forgotten. Those before `kept` cannot be read any more. */
interface LogWorld extends World {
  entries: (JsonRecord | number | undefined)[];
  kept: number;
}

const ofLog = defineConformance({
  setup(): LogWorld {
    const world = suite.setup!() as World;
    const entries = world.things.slice(0, 8);
    return Object.assign(world, { entries, kept: 0 });
  },
  mutate(step, world: LogWorld) {
    world.entries.push(thing(step, 30 + step), step + 3, thing(100 + step, 30 + step));
    if (step === 3) world.entries.push(thing(6, 33));
  },
});

const logOf = ({ server }: Config) => worlds.get(server) as LogWorld;

/** Yields a log entry by entry, each followed by a checkpoint; first, what it adds up to. */
async function* readLog({ config, mode, position }: ReadContext<Config, number>): AsyncGenerator<unknown> {
  const world = logOf(config);
  if (mode === 'full') {
    if (position !== undefined) return;
    const held = new Map<unknown, JsonRecord>();
    for (const entry of world.entries) {
      if (typeof entry === 'number') held.delete(String(entry));
      else if (entry !== undefined) held.set(entry.id, entry);
    }
    yield structuredClone([...held.values()]);
    yield checkpoint(world.entries.length);
    return;
  }
  for (let at = position ?? 0; at < world.entries.length; at++) {
    if (at < world.kept) throw new AriesError('POSITION_LOST', 'The log does not go back that far');
    const entry = world.entries[at];
    if (entry === undefined) continue;
    yield typeof entry === 'number' ? deleted([{ id: String(entry) }]) : [structuredClone(entry)];
    yield checkpoint(at + 1);
  }
}

const ofPositions = {
  cursor: undefined,
  changes: true,
  state: 'position',
  firstRead: 'snapshot',
  position: z.int(),
  read: readLog,
  async released({ config }: ReadContext<Config>, position: number) {
    logOf(config).kept = position;
  },
};
const ofLogSource = (id: string, stream: object) =>
  ofSource(id, sourceWith({ ...ofPositions, ...stream }), { source: ofLog });
type Items = AsyncGenerator<unknown>;
type LogContext = ReadContext<Config, number>;

test('a good source that keeps positions keeps every rule', async () => {
  const NOT_HERE = [...HTTP_RULES, 'source/memory', 'source/cursor', 'source/incremental'];
  for (const { id, run } of conformance({ name: 'things', source: sourceWith(ofPositions) }, { source: ofLog }))
    if (!NOT_HERE.includes(id)) expect({ id, ...(await run()) }).toEqual({ id });
});

/** Makes a read that changes what a good one yields. */
const changed = (change: (item: unknown, ctx: LogContext) => unknown) =>
  async function* (ctx: LogContext): Items {
    for await (const item of readLog(ctx)) {
      const made = change(item, ctx);
      if (made !== undefined) yield made;
    }
  };

test('source/deleted-keys', async () => {
  const keys = (key: (id: unknown) => object, options = {}) => ({
    read: changed((item) => {
      if (!isDeleted(item)) return item;
      const [{ id }] = keysOf(item) as [JsonRecord];
      return deleted([key(id) as JsonRecord], options);
    }),
  });
  const rule = (stream: object) => ofLogSource('source/deleted-keys', stream);
  expect(await rule(keys(() => ({ name: 'x' })))).toMatchInlineSnapshot(`
    "things breaks "Deleted keys are complete, and hold nothing else" (source/deleted-keys): things: a deleted key has no "id": {"name":"x"}
    → Why this rule exists: a load finds the row to delete by its key: a part of one, or one of another type, finds none or another row"
  `);
  expect(
    [
      await rule(keys((id) => ({ id, name: 'x' }))),
      await rule(keys((id) => ({ id: { number: id } }))),
      await rule(keys((id) => ({ id }), { at: 'yesterday' })),
      await rule({
        read: changed((item) => (Array.isArray(item) ? withChange(item, () => ({ unsent: ['id'] })) : item)),
      }),
      await rule({ read: changed((item) => (isDeleted(item) ? undefined : item)) }),
    ].map((said) => said.split('\n')[0]!.replace(/^.*\(source.deleted-keys\): /, '')),
  ).toMatchInlineSnapshot(`
    [
      "things: a deleted key has "name", which is neither in the primary key nor the cursor: {"id":"4","name":"x"}",
      "things: a deleted key: "id": expected int64, got an object: {"id":{"number":"4"}}",
      "things: the time of a change is "yesterday", which is not a date-time with a zone",
      "things: "id" of the primary key is said to be unsent: {"id":"1","name":"thing 1","at":"2024-01-01T00:31:00Z"}",
      "no stream said that a record is gone; let setup or mutate(step) of the suite delete some",
    ]
  `);
});

test('source/changes', async () => {
  // A deletion is read, and the record that comes back after it is overtaken.
  const late = async function* (ctx: LogContext): Items {
    const kept: unknown[] = [];
    for await (const item of readLog(ctx)) {
      if (isDeleted(item)) kept.push(item);
      else yield item;
    }
    yield* kept;
    if (kept.length > 0) yield checkpoint(logOf(ctx.config).entries.length);
  };
  expect(await ofLogSource('source/changes', { read: late })).toMatchInlineSnapshot(`
    "things breaks "Changes add up to a full read" (source/changes): things: the changes lack a record that a full read returns: {"id":"6","name":"thing 6","at":"2024-01-01T00:33:00Z"}
    → Why this rule exists: a deletion that is missed stays in the target, and one that comes too late deletes a record that is there again"
  `);
  const deaf = { read: changed((item) => (isDeleted(item) ? undefined : item)) };
  expect(await ofLogSource('source/changes', deaf)).toMatchInlineSnapshot(`
    "things breaks "Changes add up to a full read" (source/changes): things: the changes leave a record that a full read does not return: {"id":"4","name":"thing 4","at":"2024-01-01T00:04:00Z"}
    → Why this rule exists: a deletion that is missed stays in the target, and one that comes too late deletes a record that is there again"
  `);
});

test('source/positions', async () => {
  const early = async function* (ctx: LogContext): Items {
    let waiting: unknown;
    for await (const item of readLog(ctx)) {
      // The checkpoint of an entry comes before it.
      if (isCheckpoint(item)) {
        yield item;
        yield waiting;
      } else waiting = item;
    }
  };
  expect(await ofLogSource('source/positions', { read: early })).toMatchInlineSnapshot(`
    "things breaks "A read ends with a checkpoint, and each one leads to exactly the rest" (source/positions): things: no checkpoint comes after the last change: {"id":"6","name":"thing 6","at":"2024-01-01T00:33:00Z","_aries_op":"u"}
    → Why this rule exists: the next run goes on after the last checkpoint: what comes behind it is lost, and a wrong one loses or repeats changes"
  `);
  const skipping = (ctx: LogContext) =>
    readLog(ctx.position === undefined ? ctx : { ...ctx, position: ctx.position + 1 });
  expect(await ofLogSource('source/positions', { firstRead: undefined, read: skipping })).toMatchInlineSnapshot(`
    "things breaks "A read ends with a checkpoint, and each one leads to exactly the rest" (source/positions): things: after a read from 1 on, a change is lost: {"id":"1","name":"thing 1","at":"2024-01-01T00:01:00Z","_aries_op":"u"}
    → Why this rule exists: the next run goes on after the last checkpoint: what comes behind it is lost, and a wrong one loses or repeats changes"
  `);
});

test('source/letting-go', async () => {
  // It forgets what it has handed out.
  const hasty = async function* (ctx: LogContext): Items {
    yield* readLog(ctx);
    if (ctx.mode !== 'full') logOf(ctx.config).entries.fill(undefined, ctx.position ?? 0);
  };
  expect(await ofLogSource('source/letting-go', { read: hasty })).toMatchInlineSnapshot(`
    "things breaks "A source keeps what the target does not hold yet" (source/letting-go): things: after a run that failed before its commit, a change is lost: {"id":"1","name":"thing 1","at":"2024-01-01T00:31:00Z","_aries_op":"u"}
    → Why this rule exists: a run may fail between reading and the commit; what the source has let go of by then exists nowhere"
  `);
  // It takes the place where it goes on for what the target holds.
  const confused = (ctx: LogContext) => {
    const world = logOf(ctx.config);
    world.kept = Math.max(world.kept, ctx.position ?? 0);
    return readLog(ctx);
  };
  expect(await ofLogSource('source/letting-go', { read: confused })).toMatchInlineSnapshot(`
    "things breaks "A source keeps what the target does not hold yet" (source/letting-go): The log does not go back that far (POSITION_LOST)
    → Why this rule exists: a run may fail between reading and the commit; what the source has let go of by then exists nowhere"
  `);
  const generous = {
    async released({ config }: ReadContext<Config>, position: number) {
      logOf(config).kept = position + 1;
    },
  };
  expect(await ofLogSource('source/letting-go', generous)).toMatchInlineSnapshot(`
    "things breaks "A source keeps what the target does not hold yet" (source/letting-go): The log does not go back that far (POSITION_LOST)
    → Why this rule exists: a run may fail between reading and the commit; what the source has let go of by then exists nowhere"
  `);
});

test('source/secrets', async () => {
  const printing = sourceWith({
    async *read({ config }: ReadContext<Config>) {
      console.log(`GET /things?token=${config.token}`);
      yield [thing(1)];
    },
  });
  expect(await ofSource('source/secrets', printing)).toMatchInlineSnapshot(`
    "things breaks "Secrets never appear in any output" (source/secrets): a secret of the config, of 15 characters, is in the printed output
    → Why this rule exists: logs, manifests and results are read by many people and kept for years"
  `);
  const unmarked = config.extend({ token: z.string().describe('Its token') });
  expect(await ofSource('source/secrets', sourceWith({}, { config: unmarked }))).toMatchInlineSnapshot(`
    "things breaks "Secrets never appear in any output" (source/secrets): the option "token" is not marked as secret; add .meta({ secret: true })
    → Why this rule exists: logs, manifests and results are read by many people and kept for years"
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
    "things breaks "Memory does not grow with the stream" (source/memory): things: it holds N MiB after N records; the limit is 8 MiB
    → Why this rule exists: a container is killed at its memory limit: with the largest table, on the busiest day"
  `);
});

const API = 'https://things.example.com';

/** A suite for things served by an API in three pages. */
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

/** Makes a source that reads the pages in a given way. */
function apiSource(pages: (ctx: ReadContext<Config>) => AsyncIterable<readonly unknown[]>, retry: object = {}) {
  const http = { baseUrl: API, pagination: { type: 'page' as const }, retry };
  return sourceWith({ cursor: undefined, read: pages }, { http });
}

const good = ({ http }: ReadContext<Config>) => http.pages('/things');

test('a good source keeps the HTTP rules', async () => {
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
    "things breaks "A source waits when it is told to, and then returns the same records" (source/rate-limit): Retry-After asks for a wait of 1 second, but it repeats the request earlier
    → Why this rule exists: every API has a limit; a client that keeps sending is locked out for longer, and one that gives up never finishes"
  `);
  const losing = apiSource(async function* () {
    for (let page = 1; page <= 3; page++) {
      const answer = await fetch(`${API}/things?page=${page}`);
      if (answer.ok) yield (await answer.json()) as unknown[];
      else await sleep(1010);
    }
  });
  expect(await ofSource('source/rate-limit', losing, { source: ofApi })).toMatchInlineSnapshot(`
    "things breaks "A source waits when it is told to, and then returns the same records" (source/rate-limit): things: a request is answered with 429 once, and a record is lost: {"id":"2","name":"thing 2","at":"2024-01-01T00:02:00Z"}
    → Why this rule exists: every API has a limit; a client that keeps sending is locked out for longer, and one that gives up never finishes"
  `);
});

test('source/retry', async () => {
  const once = apiSource(good, { attempts: 1 });
  expect(await ofSource('source/retry', once, { source: ofApi })).toMatchInlineSnapshot(`
    "things breaks "A failed request is retried, and the read returns the same records" (source/retry): a request is answered with 503 once, and the read fails: GET https://things.example.com/things?page=3 returned 503: This 503 comes from the conformance tests (UNREACHABLE)
    → Why this rule exists: of a million requests some fail; a run that ends at the first failure never finishes a large stream"
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
    "things breaks "A refused request ends the read at once, as an auth error" (source/refused): a request answered with 401 is sent 3 times
    → Why this rule exists: retrying a revoked key gets accounts locked, and the user never learns what to fix"
  `);
  const vague = apiSource(async function* () {
    const answer = await fetch(`${API}/things`);
    if (!answer.ok) throw new Error('It did not work');
    yield (await answer.json()) as unknown[];
  });
  expect(await ofSource('source/refused', vague, { source: ofApi })).toMatchInlineSnapshot(`
    "things breaks "A refused request ends the read at once, as an auth error" (source/refused): every request is answered with 401, but the read ends with CONNECTOR_FAILED, of kind bug: things: streams.things.read threw: It did not work
    → Why this rule exists: retrying a revoked key gets accounts locked, and the user never learns what to fix"
  `);
  const silent = apiSource(async function* () {
    const answer = await fetch(`${API}/things`);
    yield answer.ok ? ((await answer.json()) as unknown[]) : [];
  });
  expect(await ofSource('source/refused', silent, { source: ofApi })).toMatchInlineSnapshot(`
    "things breaks "A refused request ends the read at once, as an auth error" (source/refused): every request is answered with 401, but the read succeeds
    → Why this rule exists: retrying a revoked key gets accounts locked, and the user never learns what to fix"
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
    "change breaks "Output records match the output schema" (transform/schema): a record has the field "extra", which the output schema does not declare: {"at":"2024-01-01T00:01:00Z","extra":true,"id":"1","name":"thing 1"}
    → Why this rule exists: the target is created from the schema, and records that do not match it cannot be loaded"
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
    → Why this rule exists: a record that a transform loses by mistake is lost silently"
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
    "change breaks "A batch transform returns each batch before it takes the next" (transform/streaming): it took 5 batches before it returned one
    → Why this rule exists: otherwise memory grows with the dataset, and checkpoints lose their place between batches"
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
    "memory breaks "append adds records and removes none" (destination/append): after two appends a record is missing: {"id":"1","name":"a","at":"2024-01-01T12:00:00Z"}
    → Why this rule exists: an appended history exists nowhere else"
  `);
});

test('destination/replace', async () => {
  expect(await ofDestination('destination/replace', 'replace')).toMatchInlineSnapshot(`
    "memory breaks "replace leaves exactly the dataset" (destination/replace): after two replaces the target has an extra record: {"id":"1","name":"a","at":"2024-01-01T12:00:00Z"}
    → Why this rule exists: records deleted at the source must not stay in the target"
  `);
});

test('destination/replace-interval', async () => {
  expect(await ofDestination('destination/replace-interval', 'replace-interval')).toMatchInlineSnapshot(`
    "memory breaks "replace-interval replaces the interval and nothing else" (destination/replace-interval): after loading three days and the second day again the target has an extra record: {"id":"2","name":"b","at":"2024-01-02T12:00:00Z"}
    → Why this rule exists: loading a day again must not touch the days around it"
  `);
});

test('destination/merge', async () => {
  expect(await ofDestination('destination/merge', 'merge')).toMatchInlineSnapshot(`
    "memory breaks "merge adds new keys and updates known ones" (destination/merge): after two merges the target has an extra record: {"id":"2","name":"b","at":"2024-01-01T12:00:00Z"}
    → Why this rule exists: a row that is not updated is out of date, and a row that is added twice is counted twice"
  `);
});

test('destination/twice', async () => {
  expect(await ofDestination('destination/twice', 'twice')).toMatchInlineSnapshot(`
    "memory breaks "Loading a dataset twice has the effect of loading it once" (destination/twice): after append of the same dataset twice the target has an extra record: {"id":"1","name":"a","at":"2024-01-01T12:00:00Z"}
    → Why this rule exists: schedulers also retry tasks that succeeded"
  `);
});

test('destination/duplicate-keys', async () => {
  expect(await ofDestination('destination/duplicate-keys', 'duplicate-keys')).toMatchInlineSnapshot(`
    "memory breaks "The latest of several records with one key wins" (destination/duplicate-keys): after a merge of two records for each key, ordered by cursor, then by position a record is missing; the target has {"id":"1","name":"old","at":"2024-01-01T12:00:00Z"}: {"id":"1","name":"new","at":"2024-01-03T12:00:00Z"}
    → Why this rule exists: sources send a record each time it changes; an older version must not win by chance"
  `);
});

test('destination/key-updates', async () => {
  expect(await ofDestination('destination/key-updates', 'key-updates')).toMatchInlineSnapshot(`
    "memory breaks "An older record does not replace a newer row" (destination/key-updates): after a merge of an older and a newer record a record is missing; the target has {"id":"1","name":"older","at":"2024-01-02T12:00:00Z"}: {"id":"1","name":"newest","at":"2024-01-05T12:00:00Z"}
    → Why this rule exists: a run that is cleared and runs late would undo later changes"
  `);
});

test('destination/evolve', async () => {
  expect(await ofDestination('destination/evolve', 'evolve')).toMatchInlineSnapshot(`
    "memory breaks "evolve adds a column for a new field" (destination/evolve): after append with a new field a record is missing; the target has {"id":"2","name":"b","at":"2024-01-01T12:00:00Z"}: {"id":"2","name":"b","at":"2024-01-01T12:00:00Z","noteText":"new"}
    → Why this rule exists: sources gain fields; a load must neither fail nor lose them"
  `);
});

test('destination/freeze', async () => {
  expect(await ofDestination('destination/freeze', 'freeze')).toMatchInlineSnapshot(`
    "memory breaks "freeze refuses a dataset that would change the target" (destination/freeze): a dataset with a new field was loaded into a frozen target: {"id":"2","name":"b","at":"2024-01-01T12:00:00Z","noteText":"new"}
    → Why this rule exists: others read the target and rely on its columns"
  `);
});

test('destination/missing-fields', async () => {
  expect(await ofDestination('destination/missing-fields', 'missing-fields')).toMatchInlineSnapshot(`
    "memory breaks "Columns that a dataset lacks keep their values" (destination/missing-fields): after a merge without a field a record is missing; the target has {"id":"1","name":"changed","at":"2024-01-02T12:00:00Z"}: {"id":"1","name":"changed","at":"2024-01-02T12:00:00Z","noteText":"kept"}
    → Why this rule exists: a source that sends fewer fields for a day must not empty existing values"
  `);
});

test('destination/names', async () => {
  expect(await ofDestination('destination/names', 'names')).toMatchInlineSnapshot(`
    "memory breaks "Names are kept exactly" (destination/names): after a load into conformance "Items"; drop a record is missing; the target has {"id":"1","createdat":"value of createdAt","select":"value of select","with space":"value of with space","quo\\"te":"value of quo\\"te","apos'trophe":"value of apos'trophe","semi;colon --":"value of semi;colon --","back\\\\slash":"value of back\\\\slash","percent%s":"value of percent%s","$1":"value of $1"…: {"id":"1","createdAt":"value of createdAt","select":"value of select","with space":"value of with space","quo\\"te":"value of quo\\"te","apos'trophe":"value of apos'trophe","semi;colon --":"value of semi;colon --","back\\\\slash":"value of back\\\\slash","percent%s":"value of percent%s","$1":"value of $1"…
    → Why this rule exists: people look for createdAt, not for createdat, and a quote in a name must not end a statement"
  `);
});

test('destination/null-and-empty', async () => {
  expect(await ofDestination('destination/null-and-empty', 'null-and-empty')).toMatchInlineSnapshot(`
    "memory breaks "Null stays null, and empty text stays empty" (destination/null-and-empty): after a load of ndjson a record is missing; the target has {"id":"1","name":null,"at":"2024-01-01T12:00:00Z"}: {"id":"1","name":"","at":"2024-01-01T12:00:00Z"}
    → Why this rule exists: counts of missing values are wrong if the two are mixed up"
  `);
});

test('destination/unicode', async () => {
  expect(await ofDestination('destination/unicode', 'unicode')).toMatchInlineSnapshot(`
    "memory breaks "Every character arrives" (destination/unicode): after a load of ndjson a record is missing; the target has {"id":"1","name":"é beside é","at":"2024-01-01T12:00:00Z"}: {"id":"1","name":"é beside é","at":"2024-01-01T12:00:00Z"}
    → Why this rule exists: names contain any character, and free text contains line breaks"
  `);
});

test('destination/huge-values', async () => {
  expect(await ofDestination('destination/huge-values', 'huge-values')).toMatchInlineSnapshot(`
    "memory breaks "Large values arrive whole and exact" (destination/huge-values): after a load of ndjson a record is missing: {"id":"9223372036854775807","exact":"1234567890123456789012345678.0123456789","float":1.7976931348623157e+308,"text":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
    → Why this rule exists: a number beyond 2^53 that passes through a double becomes another number"
  `);
});

test('destination/zero-records', async () => {
  expect(await ofDestination('destination/zero-records', 'zero-records')).toMatchInlineSnapshot(`
    "memory breaks "A dataset without records is valid" (destination/zero-records): after replace of one record and then of none the target has an extra record: {"id":"1","name":"a","at":"2024-01-01T12:00:00Z"}
    → Why this rule exists: an empty day is not a failure, and a table that was emptied at the source must become empty"
  `);
});

test('destination/abort', async () => {
  expect(await ofDestination('destination/abort', 'abort')).toMatchInlineSnapshot(`
    "memory breaks "An aborted load leaves the old data" (destination/abort): after a load that was aborted once its records were written a record is missing; the target has {"id":"1","name":"new","at":"2024-01-02T12:00:00Z"}: {"id":"1","name":"a","at":"2024-01-01T12:00:00Z"}
    → Why this rule exists: readers must see the old table or the new one, never half of it"
  `);
});

test('destination rules about refused values, cursor order and concurrent loads', async () => {
  const reports: string[] = [];
  for (const fault of ['refused-values', 'cursor-order', 'at-once', 'remade'] as const)
    reports.push((await ofDestination(`destination/${fault}`, fault)).split('\n')[0]!);
  expect(reports).toMatchInlineSnapshot(`
    [
      "memory breaks "A value that does not fit is rejected, and the records around it are loaded once" (destination/refused-values): "half \\ud83d of a pair" in the field "text" is neither rejected nor kept: "half � of a pair"",
      "memory breaks "Cursors are compared by their type, not as text" (destination/cursor-order): after merges by a cursor of instants a record is missing; the target has {"id":"0","name":"earlier","at":"2024-01-01T10:00:00Z"}: {"id":"0","name":"later","at":"2024-01-01T10:00:00.5Z"}",
      "memory breaks "Two loads at once have the same result as one after the other" (destination/at-once): after two loads of the same dataset at once the target has an extra record: {"id":"3","name":"new","at":"2024-01-02T12:00:00Z"}",
      "memory breaks "A recreated target is noticed" (destination/remade): after append of a dataset that the target has lost a record is missing: {"id":"1","name":"a","at":"2024-01-01T12:00:00Z"}",
    ]
  `);
});

test('destination rules about records that are gone', async () => {
  const reports: string[] = [];
  for (const fault of ['deletes', 'compare', 'history'] as const)
    reports.push(
      (await ofDestination(`destination/${fault}`, fault))
        .split('\n')[0]!
        .replace(/"_valid_from":"[^"]+"/, '"_valid_from":"<time>"'),
    );
  expect(reports).toMatchInlineSnapshot(`
    [
      "memory breaks "merge applies the last change of each key, also if it is a deletion" (destination/deletes): after changes with hard deletes a record is missing; the target has {"id":"4","name":"moved"}: {"id":"4","name":"moved","at":"2024-01-01T12:00:00Z"}",
      "memory breaks "Comparing keys deletes what the source no longer has, and no more than allowed" (destination/compare): a load deleted half of the records without --max-deleted: {"id":"2","name":"a","at":"2024-01-01T12:00:00Z"}",
      "memory breaks "history keeps one version for each change, and one current row for each key" (destination/history): after three loads of a history the target has an extra record: {"id":"2","name":"B","at":"2024-01-02T12:00:00Z","_valid_from":"<time>","_valid_to":null}",
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
      "odd breaks "The config describes its options" (ROLE/spec): the option "server" has no description; add .describe('…')",
      "odd breaks "An invalid config is refused, naming the option" (ROLE/config-errors): an unknown option is silently accepted",
      "odd breaks "check accepts a config that works" (ROLE/check): odd: config : is never right (CONFIG_INVALID)",
    ]
  `);
});

test('each rule is broken by some connector and listed in the guide', () => {
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

test('a rule that does not apply says why', async () => {
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
      "source/changes": "no stream says which records are gone",
      "source/check": "kept",
      "source/config-errors": "kept",
      "source/cursor": "no stream has a cursor",
      "source/deleted-keys": "no stream says which records are gone",
      "source/discover-stable": "kept",
      "source/incremental": "no stream has a cursor",
      "source/letting-go": "no stream has a position as its state",
      "source/memory": "the suite declares no large stream",
      "source/positions": "no stream has a position as its state",
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

test('a role without a suite is reported', () => {
  expect(() => conformance({ name: 'things', source: sourceWith({}) }, {})).toThrow(
    'the conformance.ts of things does not say how to test its source',
  );
});
