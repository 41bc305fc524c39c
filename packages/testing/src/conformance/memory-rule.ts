import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isCheckpoint } from '@aries-data/sdk/internal';
import { lanesOf, openSource, readRaw } from './reading.ts';
import type { Rule, RuleContext } from './rule.ts';

/** That a stream is passed on, not gathered. */
export const memoryRules: Rule[] = [
  {
    id: 'source/memory',
    role: 'source',
    title: 'Memory does not grow with the stream',
    why: 'a container is killed at its limit, at the largest table, on the busiest day',
    run: boundedMemory,
  },
];

const MEASURED_EVERY_MS = 50;
const MIB = 1024 * 1024;

async function boundedMemory(ctx: RuleContext): Promise<void> {
  const { large } = ctx.suite;
  if (large === undefined) ctx.skip('the suite declares no large stream');
  const use = { ...ctx.use, config: { ...(ctx.use.config as object), ...large.config } };
  const opened = await openSource({ ...ctx, use, suite: { ...ctx.suite, streams: [large.name] } });
  const [selected] = opened.streams;
  for (const lane of lanesOf(selected!)) {
    const before = liveBytes();
    let records = 0;
    let measured = 0;
    for await (const item of readRaw(opened, selected!, { lane })) {
      if (!isCheckpoint(item)) records += item.length;
      if (performance.now() - measured < MEASURED_EVERY_MS) continue;
      const grown = (liveBytes() - before) / MIB;
      measured = performance.now();
      if (grown > large.megabytes)
        ctx.fail(
          `${large.name}: it holds ${Math.round(grown)} MiB after ${records} records; ${large.megabytes} are allowed`,
        );
    }
  }
}

let collect: (() => void) | undefined;

/** Bytes that are in use, not those that wait for their collection. */
function liveBytes(): number {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
