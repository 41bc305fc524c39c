import v8 from 'node:v8';
import vm from 'node:vm';
import type { AriesError } from '@aries-data/sdk';
import { guardHeap } from './heap-guard.ts';

type Collector = (options: { type: 'minor' | 'major' }) => void;

const ENOUGH_BYTES = 8 * 1024 * 1024;
const LOOK_EVERY_MILLISECONDS = 20;

/** How much garbage may come to what is alive before the old generation is collected; V8's own measure is several times that. */
const GARBAGE_PERCENT = 100;

/** Bytes outside the heap that may come before the young generation is collected for their sake. */
const OUTSIDE_BYTES = 8 * 1024 * 1024;

/**
 * Keeps V8 from filling memory with what has passed through. The young generation stops growing once it is large enough for
 * streaming: left alone it grows to several times that, and there is no flag by which a running process could limit it, only one
 * that ends its growth. The old generation is collected sooner than V8 would. And so is the young one where buffers are what
 * passes through: it hardly holds anything of them itself, so V8 would let 64 MB of them wait. `giveUp` is told when the heap is full.
 */
export function limitHeap(giveUp: (error: AriesError) => void): void {
  v8.setFlagsFromString(`--heap-growing-percent=${GARBAGE_PERCENT}`);
  let collector: Collector | undefined;
  let isGrowing = true;
  let outside = 0;
  setInterval(() => {
    if (isGrowing && newSpaceBytes() >= ENOUGH_BYTES) {
      v8.setFlagsFromString('--semi-space-growth-factor=1');
      isGrowing = false;
    }
    const now = v8.getHeapStatistics().external_memory;
    if (now < outside) outside = now;
    if (now < outside + OUTSIDE_BYTES) return;
    collector ??= exposedCollector();
    collector({ type: 'minor' });
    outside = v8.getHeapStatistics().external_memory;
  }, LOOK_EVERY_MILLISECONDS).unref();
  guardHeap(() => {
    collector ??= exposedCollector();
    collector({ type: 'major' });
  }, giveUp);
}

function newSpaceBytes(): number {
  return v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;
}

// The one way to V8's collector from within a process: a context that is made while it is exposed has it.
function exposedCollector(): Collector {
  v8.setFlagsFromString('--expose-gc');
  const gc = vm.runInNewContext('gc') as Collector;
  v8.setFlagsFromString('--no-expose-gc');
  return gc;
}
