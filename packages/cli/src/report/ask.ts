import { createInterface } from 'node:readline/promises';
import { AriesError } from '@aries-data/sdk';
import type { Ask } from '../session.ts';
import { terminal } from './stdio.ts';

/** Returns a function that asks on stderr, because stdout carries the result; undefined unless stdin and stderr are a terminal. */
export function askOnTerminal(signal: AbortSignal): Ask | undefined {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return undefined;
  return async (question) => {
    const lines = createInterface({ input: process.stdin, output: terminal(process.stderr), terminal: true });
    // readline takes the terminal's ^C for itself.
    lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    const closed = new Promise<never>((_, reject) => {
      lines.on('close', () =>
        reject(new AriesError('USAGE', 'There was no answer', { hint: 'Answer, or give flags.' })),
      );
    });
    try {
      return await Promise.race([lines.question(question, { signal }), closed]);
    } finally {
      closed.catch(() => {});
      lines.close();
    }
  };
}
