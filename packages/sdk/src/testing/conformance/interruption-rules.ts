import { setTimeout as sleep } from 'node:timers/promises';
import { isCheckpoint } from '../../records.ts';
import type { Json, JsonRecord } from '../../schema.ts';
import { difference } from './compare.ts';
import { extracted, lanesOf, openSource, readRaw, recordsOf } from './reading.ts';
import { type Rule, type RuleContext, showRecord } from './rule.ts';

/** What happens to a source that is stopped, and started again. */
export const interruptionRules: Rule[] = [
  {
    id: 'source/restart',
    role: 'source',
    title: 'Gone on from any checkpoint, it is as if never interrupted',
    why: 'a task that dies is gone on with from its last checkpoint; a wrong one loses records or doubles them',
    run: restart,
  },
  {
    id: 'source/cancel',
    role: 'source',
    title: 'Stopped, it ends within a second and leaves nothing open',
    why: 'a scheduler kills what does not stop, and a handle that stays open keeps the process alive for ever',
    run: cancel,
  },
];

// Reading again costs as often as it is done; those that are left out lie between others.
const MOST_RESTARTS = 12;

async function restart(ctx: RuleContext): Promise<void> {
  const opened = await openSource(ctx);
  let restarts = 0;
  for (const selected of opened.streams) {
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
        const what = found.only === 'first' ? 'is lost' : 'comes twice';
        ctx.fail(`${selected.as}: gone on from ${showRecord(position)}, a record ${what}`, found.record);
      }
    }
  }
  if (restarts === 0) ctx.skip('no stream yields a checkpoint');
}

const PATIENCE_MS = 1000;

async function cancel(ctx: RuleContext): Promise<void> {
  // What is opened once and kept, such as a thread pool, is no leak.
  await extracted(ctx);
  const before = resources();
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), 100);
  let stopped: number | undefined;
  stop.signal.addEventListener('abort', () => {
    stopped = performance.now();
  });
  const reading = extracted(ctx, { signal: stop.signal, onProgress: () => stop.abort() }).then(
    () => undefined,
    () => undefined,
  );
  const late = waitFor(stop.signal, PATIENCE_MS);
  const ended = await Promise.race([reading.then(() => true), late.promise.then(() => false)]);
  clearTimeout(timer);
  late.cancel();
  if (!ended) ctx.fail(`it still reads ${Math.round(performance.now() - stopped!)} ms after it was stopped`);
  let open = opened(before);
  for (const until = performance.now() + PATIENCE_MS; open.length > 0 && performance.now() < until; ) {
    await sleep(20);
    open = opened(before);
  }
  if (open.length > 0) ctx.fail(`it leaves open: ${open.join(', ')}`);
}

/** Some time after a signal aborts. */
function waitFor(signal: AbortSignal, milliseconds: number): { promise: Promise<void>; cancel(): void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      timer = setTimeout(resolve, milliseconds);
    });
  });
  return { promise, cancel: () => clearTimeout(timer) };
}

function resources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1);
  return counts;
}

/** Kinds of handles of which there are more than before. */
function opened(before: ReadonlyMap<string, number>): string[] {
  return [...resources()].filter(([type, count]) => count > (before.get(type) ?? 0)).map(([type]) => type);
}
