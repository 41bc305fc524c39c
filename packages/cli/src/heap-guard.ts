import { totalmem } from 'node:os';
import v8 from 'node:v8';
import { AriesError } from '@aries-data/sdk';

/** The share of the old generation's limit beyond which V8 spends its time looking for garbage, and is about to give up. */
const FULL = 0.85;
const LOOK_EVERY_MILLISECONDS = 20;
const MEBIBYTE = 1024 * 1024;

/**
 * Ends a run whose heap is full of what is alive, while there is still room to say so: V8 itself aborts the process. What takes the
 * rest of the heap at one stroke (a value of hundreds of megabytes) is not seen in time; the process then ends with 134.
 */
export function guardHeap(collect: () => void, giveUp: (error: AriesError) => void): void {
  const limit = oldLimit();
  let before = oldBytes();
  const timer = setInterval(() => {
    const used = oldBytes();
    // By the next look it may have grown as much as since the last.
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
          hint: 'Give the container more memory, of which half is for JavaScript, or set NODE_OPTIONS=--max-old-space-size=MB. What is durable is kept.',
        },
      ),
    );
  }, LOOK_EVERY_MILLISECONDS);
  timer.unref();
}

/** What is alive or not yet collected, without the young generation: that has a limit of its own. */
function oldBytes(): number {
  return v8
    .getHeapSpaceStatistics()
    .filter(({ space_name }) => !space_name.startsWith('new_'))
    .reduce((sum, { space_used_size }) => sum + space_used_size, 0);
}

/**
 * How much the old generation may hold. V8 only tells the limit of both generations; the flags tell the old one's. Without them it is
 * gigabytes, and the young one's share, three semi-spaces, hardly counts.
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

/** Of the container, where it has a limit, else of the machine. */
function memoryHere(): number {
  const limited = process.constrainedMemory();
  return limited > 0 && limited < totalmem() ? limited : totalmem();
}
