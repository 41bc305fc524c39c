import { totalmem } from 'node:os';
import v8 from 'node:v8';
import { AriesError } from '@aries-data/sdk';

/**
 * The share of the old generation's limit at which a run gives up. From 0.8 on, V8 aborts once it has spent most of its time on
 * collections that freed nothing, which on a busy machine is soon: https://github.com/v8/v8/blob/main/src/heap/heap.cc
 * (CheckIneffectiveMarkCompact).
 */
const FULL = 0.78;
const LOOK_EVERY_MILLISECONDS = 20;
const MEBIBYTE = 1024 * 1024;

/**
 * Ends a run whose heap is full of live objects while there is still room to report it; V8 would abort the process. A single
 * allocation that takes the rest of the heap (a value of hundreds of megabytes) is not noticed in time: the process ends with 134.
 */
export function guardHeap(collect: () => void, giveUp: (error: AriesError) => void): void {
  const limit = oldLimit();
  let before = oldBytes();
  const timer = setInterval(() => {
    const used = oldBytes();
    // Until the next check it may grow as much as since the last one.
    const growth = Math.max(0, used - before);
    before = used;
    if (used + growth < FULL * limit) return;
    collect();
    before = oldBytes();
    if (before + growth < FULL * limit) return;
    clearInterval(timer);
    const megabytes = Math.round(limit / MEBIBYTE);
    giveUp(
      new AriesError(
        'OUT_OF_MEMORY',
        `The run needs more memory than the ${megabytes} MB that JavaScript may use here`,
        {
          hint: 'Give the container more memory (half of it is for JavaScript), or set NODE_OPTIONS=--max-old-space-size=MB. Durable progress is kept.',
        },
      ),
    );
  }, LOOK_EVERY_MILLISECONDS);
  timer.unref();
}

/** Returns the bytes in use except those of the young generation, which has a limit of its own. */
function oldBytes(): number {
  return v8
    .getHeapSpaceStatistics()
    .filter(({ space_name }) => !space_name.startsWith('new_'))
    .reduce((sum, { space_used_size }) => sum + space_used_size, 0);
}

/**
 * Returns the limit of the old generation. V8 only reports the limit of both generations; flags give that of the old one. Without flags
 * the limit is gigabytes, and the three semi-spaces of the young generation hardly matter.
 */
function oldLimit(): number {
  const flags = [process.env.NODE_OPTIONS ?? '', ...process.execArgv].join(' ');
  const flagged = (name: string) =>
    Number(new RegExp(`--${name}[= ](\\d+)`).exec(flags.replaceAll('_', '-'))?.[1] ?? 0);
  const both = v8.getHeapStatistics().heap_size_limit;
  const size = flagged('max-old-space-size') * MEBIBYTE;
  const share = (flagged('max-old-space-size-percentage') / 100) * memoryHere();
  const semiSpace = flagged('max-semi-space-size') || (Number.parseInt(process.versions.node, 10) >= 24 ? 64 : 16);
  return Math.min(both, share || size || both - 3 * semiSpace * MEBIBYTE);
}

/** Returns the memory of the container, or of the machine if the container has no limit. */
function memoryHere(): number {
  const limited = process.constrainedMemory();
  return limited > 0 && limited < totalmem() ? limited : totalmem();
}
