import { format } from 'node:util';
import type { Log } from '@aries-data/sdk';

/** Turns the output of connectors and libraries into log lines: stdout is for the result, stderr for lines that a machine can read. */
export function captureConsole(log: Log): void {
  console.debug = (...args) => log.debug(format(...args));
  console.log = (...args) => log.info(format(...args));
  console.info = (...args) => log.info(format(...args));
  console.warn = (...args) => log.warn(format(...args));
  console.error = (...args) => log.error(format(...args));
  console.trace = (...args) => log.debug(format(...args));
  for (const stream of [process.stdout, process.stderr]) stream.write = lineWriter(log) as typeof stream.write;
  process.removeAllListeners('warning');
  process.on('warning', (warning) =>
    log[warning.name === 'Warning' ? 'warn' : 'debug'](`${warning.name}: ${warning.message}`),
  );
}

function lineWriter(log: Log) {
  return (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const text = (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()).trimEnd();
    if (text !== '') log.info(text);
    const done = rest.findLast((argument) => typeof argument === 'function') as (() => void) | undefined;
    if (done !== undefined) process.nextTick(done);
    return true;
  };
}
