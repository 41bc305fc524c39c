import type { JsonRecord } from '@aries-data/sdk';
import { toAriesError } from '@aries-data/sdk';
import { difference } from './compare.ts';
import { extracted, openSource, stagedRecords } from './reading.ts';
import { type Rule, type RuleContext, reasonOf } from './rule.ts';
import { type Answer, answerWith, breakBody, breakConnection, type Request, troubled } from './trouble.ts';

/** How sources that send requests bear what APIs do to them. */
export const httpRules: Rule[] = [
  {
    id: 'source/rate-limit',
    role: 'source',
    title: 'Told to wait, it waits, and then gives the same',
    why: 'every API has a limit; whoever goes on asking is shut out for longer, and whoever gives up never finishes',
    run: waitWhenTold,
  },
  {
    id: 'source/retry',
    role: 'source',
    title: 'What fails once is tried again, and gives the same',
    why: 'of a million requests some fail; a run that ends with the first of them never reads a large stream to its end',
    run: tryAgain,
  },
  {
    id: 'source/refused',
    role: 'source',
    title: 'A refusal ends the read at once, as one',
    why: 'a key that was taken back does not come back by asking; accounts are locked for it, and nobody is told what to mend',
    run: acceptRefusal,
  },
];

const RETRY_AFTER_SECONDS = 1;

async function waitWhenTold(ctx: RuleContext): Promise<void> {
  const { records, middle } = await untroubled(ctx);
  const headers = { 'retry-after': String(RETRY_AFTER_SECONDS) };
  const { requests } = await same(ctx, records, middle, 'a request is answered with 429', answerWith(429, headers));
  const again = requests.slice(middle + 1).find(({ what }) => what === requests[middle]!.what);
  // A timer of Node may end a millisecond early.
  const waited = (again?.startedAt ?? Number.POSITIVE_INFINITY) - requests[middle]!.startedAt;
  if (waited < RETRY_AFTER_SECONDS * 1000 - 5)
    ctx.fail(
      `told with Retry-After to wait for ${RETRY_AFTER_SECONDS} second, it sends the same request again before that`,
    );
}

async function tryAgain(ctx: RuleContext): Promise<void> {
  const { records, middle } = await untroubled(ctx);
  await same(ctx, records, middle, 'a request is answered with 503', answerWith(503));
  await same(ctx, records, middle, 'a connection is refused', breakConnection);
  await same(ctx, records, middle, 'an answer breaks off', breakBody);
}

async function acceptRefusal(ctx: RuleContext): Promise<void> {
  await untroubled(ctx);
  const { source } = await openSource(ctx);
  const { http } = source.part;
  const settings = typeof http === 'function' ? http({ config: source.ctx.config }) : http;
  const { requests, thrown } = await troubled(
    () => extracted(ctx),
    () => answerWith(401),
  );
  if (thrown === undefined) ctx.fail('every request is answered with 401, and it ends as if all were well');
  const { kind, code, message } = toAriesError(thrown, { connector: ctx.connector.name });
  if (kind !== 'auth')
    ctx.fail(`every request is answered with 401, and it ends with ${code}, of kind ${kind}: ${message}`);
  // A token may be renewed, once.
  const allowed = settings?.auth?.type === 'oauth2' ? 2 : 1;
  const counts = Map.groupBy(requests, ({ what }) => what);
  const often = [...counts.values()].find((same) => same.length > allowed);
  if (often !== undefined) ctx.fail(`a request that is answered with 401 is sent ${often.length} times`);
}

interface Untroubled {
  records: Record<string, JsonRecord[]>;
  /** The number of a request that is neither the first nor, where there are several, the last. */
  middle: number;
}

/** What the source gives where nothing goes wrong. */
async function untroubled(ctx: RuleContext): Promise<Untroubled> {
  let records: Record<string, JsonRecord[]> = {};
  const { requests, thrown } = await troubled(async () => {
    records = await recordsOf(ctx);
  });
  if (thrown !== undefined) throw thrown;
  if (requests.length === 0) ctx.skip('it sends no requests by fetch, as the http of its context does');
  return { records, middle: Math.floor(requests.length / 2) };
}

/** Reads with one request troubled, and compares. */
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
  if (thrown !== undefined) ctx.fail(`${what} once, and it ends: ${reasonOf(thrown, ctx.connector.name)}`);
  for (const [name, wanted] of Object.entries(before)) {
    const found = difference(wanted, records[name] ?? []);
    const way = found?.only === 'first' ? 'is lost' : 'comes twice';
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
