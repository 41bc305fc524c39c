import { type PlaceOf, parseOptions } from '@aries-data/sdk/internal';
import type { z } from 'zod';
import { createRedactor, passwordsIn, type Redactor } from '../redact/redact.ts';
import { secretsIn, textsIn } from './secrets.ts';

/** Options of `parseConfig`. */
export interface ParseConfigOptions {
  /** Receives the secrets of the config. */
  redactor?: Redactor | undefined;
  placeOf?: PlaceOf | undefined;
}

/**
 * Parses a connector's config with its schema, as `parseOptions` does, and adds its secrets to the redactor. Throws `CONFIG_INVALID`.
 *
 * @example
 * parseConfig(z.object({ port: z.number() }), { port: '5432' }, 'postgres'); // { port: 5432 }
 */
export function parseConfig<C extends z.ZodType>(
  schema: C,
  value: unknown,
  connector: string,
  { redactor = createRedactor(), placeOf }: ParseConfigOptions = {},
): z.output<C> {
  return parseOptions(schema, value, connector, {
    placeOf,
    onConfig(config) {
      for (const secret of secretsIn(config, schema)) redactor.add(secret);
      for (const text of textsIn(config)) for (const password of passwordsIn(text)) redactor.add(password);
    },
    redact: (message) => redactor.text(message),
  });
}
