import { type JsonRecord, toAriesError } from '@aries-data/sdk';
import { difference } from './compare.ts';
import { extracted, openSource, stagedRecords } from './reading.ts';
import { type Rule, type RuleContext, reasonOf } from './rule.ts';
import { type Answer, answerWith, breakBody, breakConnection, type Request, troubled } from './trouble.ts';

/** Rules about how a source handles failures of an API. */
export const httpRules: Rule[] = [
  {
    id: 'source/rate-limit',
    role: 'source',
    title: 'A source waits when it is told to, and then returns the same records',
    why: 'every API has a limit; a client that keeps sending is locked out for longer, and one that gives up never finishes',
    run: waitWhenTold,
  },
  {
    id: 'source/retry',
    role: 'source',
    title: 'A failed request is retried, and the read returns the same records',
    why: 'of a million requests some fail; a run that ends at the first failure never finishes a large stream',
    run: tryAgain,
  },
  {
    id: 'source/refused',
    role: 'source',
    title: 'A refused request ends the read at once, as an auth error',
    why: 'retrying a revoked key gets accounts locked, and the user never learns what to fix',
    run: acceptRefusal,
  },
];

const RETRY_AFTER_SECONDS = 1;

async function waitWhenTold(ctx: RuleContext): Promise<void> {
  const { records, middle } = await untroubled(ctx);
  const headers = { 'retry-after': String(RETRY_AFTER_SECONDS) };
  const { requests } = await same(ctx, records, middle, 'a request is answered with 429', answerWith(429, headers));
  const again = requests.slice(middle + 1).find(({ what }) => what === requests[middle]!.what);
  // Node's timers may fire a millisecond early.
  const waited = (again?.startedAt ?? Number.POSITIVE_INFINITY) - requests[middle]!.startedAt;
  if (waited < RETRY_AFTER_SECONDS * 1000 - 5)
    ctx.fail(`Retry-After asks for a wait of ${RETRY_AFTER_SECONDS} second, but it repeats the request earlier`);
}

async function tryAgain(ctx: RuleContext): Promise<void> {
  const { records, middle } = await untroubled(ctx);
  await same(ctx, records, middle, 'a request is answered with 503', answerWith(503));
  await same(ctx, records, middle, 'a connection is refused', breakConnection);
  await same(ctx, records, middle, 'a response breaks off', breakBody);
}

async function acceptRefusal(ctx: RuleContext): Promise<void> {
  await untroubled(ctx);
  const { source } = await openSource(ctx);
  const { http } = source.definition;
  const settings = typeof http === 'function' ? http({ config: source.ctx.config }) : http;
  const { requests, thrown } = await troubled(
    () => extracted(ctx),
    () => answerWith(401),
  );
  if (thrown === undefined) ctx.fail('every request is answered with 401, but the read succeeds');
  const { kind, code, message } = toAriesError(thrown, { connector: ctx.connector.name });
  if (kind !== 'auth')
    ctx.fail(`every request is answered with 401, but the read ends with ${code}, of kind ${kind}: ${message}`);
  // An OAuth token may be renewed once.
  const allowed = settings?.auth?.type === 'oauth2' ? 2 : 1;
  const counts = Map.groupBy(requests, ({ what }) => what);
  const often = [...counts.values()].find((same) => same.length > allowed);
  if (often !== undefined) ctx.fail(`a request answered with 401 is sent ${often.length} times`);
}

interface Untroubled {
  records: Record<string, JsonRecord[]>;
  /** The number of a request in the middle: neither the first nor the last, if there are enough. */
  middle: number;
}

/** Reads the source without any failures. */
async function untroubled(ctx: RuleContext): Promise<Untroubled> {
  let records: Record<string, JsonRecord[]> = {};
  const { requests, thrown } = await troubled(async () => {
    records = await recordsOf(ctx);
  });
  if (thrown !== undefined) throw thrown;
  if (requests.length === 0) ctx.skip('it sends no requests by fetch, as the http of its context does');
  return { records, middle: Math.floor(requests.length / 2) };
}

/** Reads with one failing request and expects the same records. */
async function same(
  ctx: RuleContext,
  before: Untroubled['records'],
  middle: number,
  what: string,
  trouble: Answer,
): Promise<{ requests: Request[] }> {
  let records: Untroubled['records'] = {};
  const { requests, thrown } = await troubled(
    async () => {
      records = await recordsOf(ctx);
    },
    (number) => (number === middle ? trouble : undefined),
  );
  if (thrown !== undefined) ctx.fail(`${what} once, and the read fails: ${reasonOf(thrown, ctx.connector.name)}`);
  for (const [name, wanted] of Object.entries(before)) {
    const found = difference(wanted, records[name] ?? []);
    const way = found?.only === 'first' ? 'is lost' : 'is returned twice';
    if (found !== undefined) ctx.fail(`${name}: ${what} once, and a record ${way}`, found.record);
  }
  return { requests };
}

async function recordsOf(ctx: RuleContext): Promise<Untroubled['records']> {
  const dataset = await extracted(ctx);
  const found: Untroubled['records'] = {};
  for (const name of Object.keys(dataset.manifest.streams)) found[name] = await stagedRecords(dataset, name);
  return found;
}
