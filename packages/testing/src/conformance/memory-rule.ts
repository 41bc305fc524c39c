import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isCheckpoint } from '@aries-data/sdk/internal';
import { lanesOf, openSource, readRaw } from './reading.ts';
import type { Rule, RuleContext } from './rule.ts';

/** The rule that a stream is passed on, not collected. */
export const memoryRules: Rule[] = [
  {
    id: 'source/memory',
    role: 'source',
    title: 'Memory does not grow with the stream',
    why: 'a container is killed at its memory limit: with the largest table, on the busiest day',
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
          `${large.name}: it holds ${Math.round(grown)} MiB after ${records} records; the limit is ${large.megabytes} MiB`,
        );
    }
  }
}

let collect: (() => void) | undefined;

/** Returns the bytes in use, without garbage. */
function liveBytes(): number {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
