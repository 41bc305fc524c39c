import { once } from 'node:events';
import { createServer, type Server, Socket } from 'node:net';
import { freePort } from './free-port.ts';

/** `up` is from the client to the server, `down` from the server to the client. */
export type Direction = 'up' | 'down';

/** A proxy on 127.0.0.1 that passes TCP through and breaks it in the ways that networks do. */
export interface TcpProxy extends AsyncDisposable {
  port: number;
  /** The number of open connections. */
  readonly connections: number;
  /** Resets all open connections on both sides; data in flight is lost. */
  cut(): void;
  /** With `true`, stops listening, so that the system refuses new connections; open ones stay. */
  refuse(on: boolean): Promise<void>;
  /** Delays all data, in both directions, by this many milliseconds. */
  delay(ms: number): void;
  /**
   * Passes `bytes` more bytes over all connections, and then cuts once at the next byte. With a direction, only that
   * one counts: `cutAfterBytes(0, 'down')` lets a request arrive and loses its response.
   */
  cutAfterBytes(bytes: number, direction?: Direction): void;
  /** Called with data from clients before it is passed on; calling `cut()` there keeps it from arriving. */
  onUpstreamData(callback: (data: Buffer) => void): void;
  stop(): Promise<void>;
}

/** Starts a proxy in front of a server. */
export async function startProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const port = await freePort();
  const pairs = new Set<Pair>();
  let server: Server | undefined;
  let latency = 0;
  let budget: { bytes: number; direction: Direction | undefined } | undefined;
  let watcher: ((data: Buffer) => void) | undefined;

  const cut = () => {
    for (const pair of pairs) pair.reset();
  };
  const pass = (data: Buffer, direction: Direction, to: Socket) => {
    if (direction === 'up') watcher?.(data);
    if (to.destroyed) return true;
    if (!budget || (budget.direction && budget.direction !== direction)) return to.write(data);
    if (data.length <= budget.bytes) {
      budget.bytes -= data.length;
      return to.write(data);
    }
    const allowed = data.subarray(0, budget.bytes);
    budget = undefined;
    // A reset overtakes buffered data, so cut only when the last allowed byte has left.
    if (allowed.length === 0) cut();
    else to.write(allowed, cut);
    return false;
  };
  const connect = (client: Socket) => {
    const pair = joinSockets(client, new Socket({ allowHalfOpen: true }).connect(target), {
      pass,
      latency: () => latency,
    });
    pairs.add(pair);
    pair.closed.then(() => pairs.delete(pair));
  };
  const listen = async () => {
    server = createServer({ allowHalfOpen: true, noDelay: true }, connect).listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const unlisten = () => {
    server?.close();
    server = undefined;
  };
  const stop = async () => {
    unlisten();
    cut();
    await Promise.all([...pairs].map((pair) => pair.closed));
  };

  await listen();
  return {
    port,
    get connections() {
      return pairs.size;
    },
    cut,
    refuse: async (on) => {
      if (on) unlisten();
      else if (!server) await listen();
    },
    delay: (ms) => {
      latency = ms;
    },
    cutAfterBytes: (bytes, direction) => {
      budget = { bytes, direction };
    },
    onUpstreamData: (callback) => {
      watcher = callback;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

interface Pair {
  reset(): void;
  closed: Promise<unknown>;
}

interface Passage {
  /** Passes data on; returns false to ask for a pause. */
  pass(data: Buffer, direction: Direction, to: Socket): boolean;
  latency(): number;
}

/** Joins two sockets: data with back-pressure, half-closes, and a reset of one when the other breaks. */
function joinSockets(client: Socket, upstream: Socket, passage: Passage): Pair {
  let broken = false;
  const reset = () => {
    broken = true;
    for (const socket of [client, upstream]) {
      // A socket that is shutting down cannot be reset (libuv returns EINVAL) and would never close.
      if (socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    }
  };
  pump(client, upstream, 'up');
  pump(upstream, client, 'down');
  const closed = Promise.all(
    [client, upstream].map((socket) => new Promise((resolve) => socket.once('close', resolve))),
  );
  return { reset, closed };

  function pump(from: Socket, to: Socket, direction: Direction) {
    from.setNoDelay(true);
    from.on('error', reset);
    to.on('drain', () => from.resume());
    // One promise after the other, so that delayed data keeps its order.
    let last: Promise<void> | undefined;
    const later = (action: () => void) => {
      const ms = passage.latency();
      if (ms === 0 && !last) return action();
      const due = new Promise<void>((resolve) => setTimeout(resolve, ms));
      const mine = Promise.all([last, due]).then(() => {
        if (last === mine) last = undefined;
        if (!broken) action();
      });
      last = mine;
    };
    from.on('data', (data) => {
      later(() => {
        if (!passage.pass(data, direction, to)) from.pause();
      });
    });
    from.on('end', () => later(() => to.end()));
  }
}
