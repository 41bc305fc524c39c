import { totalmem } from 'node:os';
import v8 from 'node:v8';
import { formatBytes } from '../report/numbers.ts';
import { type Finding, fine, warning } from './finding.ts';

// What the tests of memory hold a step to.
const LEAST_BYTES = 256e6;

/** How much of the limit may be the heap: buffers, code and the stack are beside it. */
const HEAP_SHARE = 0.75;

/** What the process may use. */
export interface MemoryLimits {
  /** The container's limit (cgroup); 0 where there is none. */
  limit: number;
  total: number;
  /** What V8 lets the heap grow to. */
  heap: number;
}

function currentLimits(): MemoryLimits {
  const limit = process.constrainedMemory();
  const total = totalmem();
  // Without a limit some kernels tell a number beyond all memory.
  return { limit: limit >= total ? 0 : limit, total, heap: v8.getHeapStatistics().heap_size_limit };
}

export function memoryFinding({ limit, total, heap }: MemoryLimits = currentLimits()): Finding {
  const most = limit > 0 ? limit : total;
  const what = `${limit > 0 ? `a limit of ${formatBytes(limit)}` : `no limit, ${formatBytes(total)} in the machine`}, heap up to ${formatBytes(heap)}`;
  if (most < LEAST_BYTES * 0.99) return warning('memory', what, 'Give it 256 MB or more: less is not tested.');
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
