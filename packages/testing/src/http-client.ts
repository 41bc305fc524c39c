import { createRedactor } from '@aries-data/engine';
import { createHttp } from '@aries-data/engine/internal';
import type { Http, HttpSettings, Log } from '@aries-data/sdk';

/** Makes an HTTP client for tests, with short pauses between attempts, and collects its log. */
export function testHttp(
  settings: HttpSettings,
  signal: AbortSignal = new AbortController().signal,
): { http: Http; logged: string[] } {
  const logged: string[] = [];
  const write = (message: string, fields?: Record<string, unknown>) => {
    logged.push(`${message} ${JSON.stringify(fields ?? {})}`);
  };
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const retry = { delay: 0.001, ...settings.retry };
  const http = createHttp({
    settings: () => ({ ...settings, retry }),
    connector: 'test',
    log,
    signal,
    redactor: createRedactor(),
  });
  return { http, logged };
}

export async function collect<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const batch of batches) all.push(...batch);
  return all;
}
