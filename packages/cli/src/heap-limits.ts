import v8 from 'node:v8';
import vm from 'node:vm';
import type { AriesError } from '@aries-data/sdk';
import { guardHeap } from './heap-guard.ts';

type Collector = (options: { type: 'minor' | 'major' }) => void;

const ENOUGH_BYTES = 8 * 1024 * 1024;
/** Even while modules are loaded: what fills the heap at once must not be promoted by more than this at a time. */
const TOO_MANY_BYTES = 16 * 1024 * 1024;
const LOOK_EVERY_MILLISECONDS = 20;

/**
 * Processor time after which modules are loaded and records flow. V8 refuses compiled code that was cached under other flags: a flag that
 * changed earlier would make this run, or the next one, compile modules again.
 */
const LOADED_AFTER_MICROSECONDS = 400_000;

/** How much garbage, relative to live objects, starts a collection of the old generation; V8's default is several times that. */
const GARBAGE_PERCENT = 100;

/** Growth of memory outside the heap that starts a collection of the young generation, which holds the buffers. */
const OUTSIDE_BYTES = 8 * 1024 * 1024;

/**
 * Keeps V8 from filling memory with data that has already passed through. The young generation stops growing once it is large enough
 * for streaming; by default it grows to several times that, and a running process has no flag to limit it, only one to stop its
 * growth. The old generation is collected sooner than by default. So is the young one when buffers pass through: it hardly holds
 * any of their bytes itself, so V8 would let 64 MB of them pile up. `giveUp` is called when the heap is full.
 */
export function limitHeap(giveUp: (error: AriesError) => void): void {
  v8.setFlagsFromString(`--heap-growing-percent=${GARBAGE_PERCENT}`);
  let collector: Collector | undefined;
  let isGrowing = true;
  let outside = 0;
  setInterval(() => {
    if (isGrowing && newSpaceBytes() >= (isLoaded() ? ENOUGH_BYTES : TOO_MANY_BYTES)) {
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

function isLoaded(): boolean {
  const { user, system } = process.cpuUsage();
  return user + system > LOADED_AFTER_MICROSECONDS;
}

function newSpaceBytes(): number {
  return v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;
}

// The only way to call V8's collector from within a process: a context that is created while `gc` is exposed has it.
function exposedCollector(): Collector {
  v8.setFlagsFromString('--expose-gc');
  const gc = vm.runInNewContext('gc') as Collector;
  v8.setFlagsFromString('--no-expose-gc');
  return gc;
}
