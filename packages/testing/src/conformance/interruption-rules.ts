import { setTimeout as sleep } from 'node:timers/promises';
import type { Json, JsonRecord } from '@aries-data/sdk';
import { isCheckpoint } from '@aries-data/sdk/internal';
import { difference } from './compare.ts';
import { watchHandles } from './open-handles.ts';
import { extracted, lanesOf, openSource, readRaw, recordsOf } from './reading.ts';
import { type Rule, type RuleContext, showRecord } from './rule.ts';

/** Rules about reads that are stopped and resumed. */
export const interruptionRules: Rule[] = [
  {
    id: 'source/restart',
    role: 'source',
    title: 'A read that resumes at any checkpoint returns exactly the rest',
    why: 'a failed task resumes at its last checkpoint; a wrong checkpoint loses records or duplicates them',
    run: restart,
  },
  {
    id: 'source/cancel',
    role: 'source',
    title: 'A stopped read ends within a second and leaves nothing open',
    why: 'a scheduler kills a task that does not stop, and an open handle keeps the process alive forever',
    run: cancel,
  },
];

// Each restart reads again, so only this many checkpoints are tried, spread over all of them.
const MOST_RESTARTS = 12;

async function restart(ctx: RuleContext): Promise<void> {
  const opened = await openSource(ctx);
  let restarts = 0;
  for (const selected of opened.streams) {
    // `source/positions` reads these.
    if (selected.stream.state === 'position' && selected.stream.firstRead === undefined) continue;
    for (const lane of lanesOf(selected)) {
      const records: JsonRecord[] = [];
      const positions: { position: Json; after: number }[] = [];
      for await (const item of readRaw(opened, selected, { lane })) {
        if (isCheckpoint(item)) positions.push({ position: item.position, after: records.length });
        else for (const record of item) records.push(record);
      }
      const every = Math.ceil(positions.length / MOST_RESTARTS);
      for (const { position, after } of positions.filter((_, index) => index % every === 0)) {
        restarts++;
        const rest = await recordsOf(readRaw(opened, selected, { lane, position }));
        const found = difference(records.slice(after), rest);
        if (found === undefined) continue;
        const what = found.only === 'first' ? 'is lost' : 'is returned twice';
        ctx.fail(`${selected.as}: after a resume at ${showRecord(position)}, a record ${what}`, found.record);
      }
    }
  }
  if (restarts === 0) ctx.skip('no stream yields a checkpoint');
}

const PATIENCE_MS = 1000;
const SETTLE_MS = 100;

async function cancel(ctx: RuleContext): Promise<void> {
  // A first read opens what stays open on purpose, such as a thread pool.
  await extracted(ctx);
  await sleep(SETTLE_MS);
  const handles = watchHandles();
  const stop = new AbortController();
  const soon = setTimeout(() => stop.abort(), SETTLE_MS);
  try {
    const reading = handles
      .run(() => extracted(ctx, { signal: stop.signal, onProgress: () => stop.abort() }))
      .then(
        () => true,
        () => true,
      );
    const late = new AbortController();
    const patience = sleep(SETTLE_MS + PATIENCE_MS, false, { signal: late.signal }).catch(() => false);
    const ended = await Promise.race([reading, patience]);
    late.abort();
    if (!ended) ctx.fail(`it is still reading ${PATIENCE_MS} ms after it was stopped`);
    let open = handles.open();
    for (const until = performance.now() + PATIENCE_MS; open.length > 0 && performance.now() < until; ) {
      await sleep(20);
      open = handles.open();
    }
    if (open.length > 0) ctx.fail(`it leaves open: ${open.join(', ')}`);
  } finally {
    clearTimeout(soon);
    handles.stop();
  }
}
