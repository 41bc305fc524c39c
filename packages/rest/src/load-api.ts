import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sourcePositions } from '@aries-data/formats';
import { AriesError, type Json } from '@aries-data/sdk';
import { parseOptions } from '@aries-data/sdk/internal';
import { parse } from 'yaml';
import type { RestApi } from './declaration.ts';
import { restApi } from './rest-api.ts';
import { fill } from './template.ts';

const texts = new Map<string, { text: string; value: Json }>();

/**
 * Loads the API that a YAML file declares, and fills in the connector's options. For a connector that changes the API before
 * `restSource` reads it. Throws `CONNECTOR_INVALID` naming the line.
 *
 * @example
 * export const source = restSource({
 *   config: z.strictObject({ url: z.url().describe('The URL of the API') }),
 *   api: (config) => ({ ...loadApi(new URL('../tickets.yaml', import.meta.url), config), baseUrl: config.url }),
 * });
 */
export function loadApi(url: URL, config: unknown): RestApi {
  const file = basename(fileURLToPath(url));
  let known = texts.get(url.href);
  try {
    if (known === undefined) {
      const text = readFileSync(url, 'utf8');
      known = { text, value: parse(text) as Json };
      texts.set(url.href, known);
    }
    const filled = fill(known.value, { config: config as Json });
    return parseOptions(restApi, filled, file, { placeOf: sourcePositions(known.text, file) });
  } catch (cause) {
    throw new AriesError('CONNECTOR_INVALID', (cause as Error).message, {
      cause,
      hint: `Correct ${file} of the connector.`,
    });
  }
}
