import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { Socket } from 'node:net';

/** What some work has opened and not closed. */
export interface HandleWatch {
  /** Does the work; what it opens from here on counts. */
  run<T>(work: () => T): T;
  /** Kinds of handles that would keep the process alive: `Timeout`, `TCPSocketWrap`. */
  open(): string[];
  stop(): void;
}

/**
 * Timers are told apart by who made them, for the process around has its own; of all other kinds of handles there must not be
 * more than before.
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

/** nock never closes what lies beneath the sockets that it plays: they count as active for ever, and keep no process alive. */
function destroyedSockets(): number {
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles?: () => unknown[] };
  return (handles?.call(process) ?? []).filter((handle) => handle instanceof Socket && handle.destroyed).length;
}
