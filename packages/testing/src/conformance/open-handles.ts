import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { Socket } from 'node:net';

/** Finds handles that some work opened and did not close. */
export interface HandleWatch {
  /** Runs the work; handles that it opens count. */
  run<T>(work: () => T): T;
  /** Returns the types of handles that keep the process alive: `Timeout`, `TCPSocketWrap`. */
  open(): string[];
  stop(): void;
}

/**
 * Starts watching handles. Only timers created by the work count, because the process has timers of its own. Of every other type
 * there must not be more than before.
 */
export function watchHandles(): HandleWatch {
  const inside = new AsyncLocalStorage<true>();
  const timers = new Map<number, NodeJS.Timeout>();
  const hook = createHook({
    init(id, type, _trigger, resource) {
      if (type === 'Timeout' && inside.getStore() === true) timers.set(id, resource as NodeJS.Timeout);
    },
    destroy: (id) => void timers.delete(id),
  });
  hook.enable();
  const before = counts();
  return {
    run: (work) => inside.run(true, work),
    open() {
      const more = [...counts()].filter(([type, count]) => count > (before.get(type) ?? 0)).map(([type]) => type);
      return [...timers.values()].some((timer) => timer.hasRef()) ? ['Timeout', ...more] : more;
    },
    stop: () => void hook.disable(),
  };
}

function counts(): Map<string, number> {
  const found = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo())
    if (type !== 'Timeout') found.set(type, (found.get(type) ?? 0) + 1);
  const sockets = found.get(SOCKET) ?? 0;
  if (sockets > 0) found.set(SOCKET, sockets - destroyedSockets());
  return found;
}

const SOCKET = 'TCPSocketWrap';

/** Counts nock's sockets, whose handles nock never closes: they stay active forever but keep no process alive. */
function destroyedSockets(): number {
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles?: () => unknown[] };
  return (handles?.call(process) ?? []).filter((handle) => handle instanceof Socket && handle.destroyed).length;
}
