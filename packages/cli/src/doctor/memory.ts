import { totalmem } from 'node:os';
import v8 from 'node:v8';
import { formatBytes } from '../report/numbers.ts';
import { type Finding, fine, warning } from './finding.ts';

// The limit under which the memory tests run steps.
const LEAST_BYTES = 256e6;

/** The share of the limit that the heap may use; buffers, code and the stack need the rest. */
const HEAP_SHARE = 0.75;

/** Limits of the process in bytes. */
export interface MemoryLimits {
  /** The container's limit (cgroup); 0 if there is none. */
  limit: number;
  total: number;
  /** The largest heap that V8 allows. */
  heap: number;
}

function currentLimits(): MemoryLimits {
  const limit = process.constrainedMemory();
  const total = totalmem();
  // Without a limit some kernels report a number beyond all memory.
  return { limit: limit >= total ? 0 : limit, total, heap: v8.getHeapStatistics().heap_size_limit };
}

export function memoryFinding({ limit, total, heap }: MemoryLimits = currentLimits()): Finding {
  const most = limit > 0 ? limit : total;
  const what = `${limit > 0 ? `a limit of ${formatBytes(limit)}` : `no limit, ${formatBytes(total)} in the machine`}, heap up to ${formatBytes(heap)}`;
  if (most < LEAST_BYTES * 0.99)
    return warning('memory', what, 'Provide 256 MB or more; Aries is not tested with less.');
  if (limit > 0 && heap > limit * HEAP_SHARE) {
    const megabytes = Math.floor((limit * HEAP_SHARE) / 2 ** 20);
    return warning(
      'memory',
      what,
      `The container may be killed before Node collects its garbage: set NODE_OPTIONS=--max-old-space-size=${megabytes}.`,
    );
  }
  return fine('memory', what);
}
