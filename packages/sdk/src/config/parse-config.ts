import type { z } from 'zod';
import { AriesError } from '../errors.ts';
import { type FieldSchema, toJsonSchema } from '../schema.ts';
import { problemsOf } from './problem.ts';
import { checkSize } from './size.ts';
import { unknownOptions } from './unknown-options.ts';
import { coerced } from './walk.ts';

/** Returns where a path of a config is in its file: `rest.yaml:12`. */
export type PlaceOf = (path: readonly PropertyKey[]) => string;

/** Options of `parseOptions`. */
export interface ParseOptions {
  /** Adds the place of each problem to the message. */
  placeOf?: PlaceOf | undefined;
  /** Called with the config before and after it is checked, to collect its secrets. */
  onConfig?: ((config: unknown) => void) | undefined;
  /** Hides secrets in a message. */
  redact?: ((message: string) => string) | undefined;
}

/**
 * Parses options with the schema of a connector, or of a declaration. Text that came from a reference is coerced if the schema wants
 * a number or a boolean. Throws `CONFIG_INVALID` naming each path, what is expected there, and the line of its file if that is known.
 *
 * @example
 * parseOptions(z.object({ port: z.number() }), { port: '5432' }, 'postgres'); // { port: 5432 }
 */
export function parseOptions<C extends z.ZodType>(
  schema: C,
  value: unknown,
  name: string,
  { placeOf, onConfig, redact = (message) => message }: ParseOptions = {},
): z.output<C> {
  checkSize(value, `${name}: the config`);
  // Refuses types that JSON cannot hold.
  configSchema(schema, name);
  const config = coerced(value ?? {}, schema);
  onConfig?.(config);
  const unknown = unknownOptions(config, schema);
  const result = schema.safeParse(config);
  if (result.success && unknown.length === 0) {
    onConfig?.(result.data);
    return result.data as z.output<C>;
  }
  const problems = [
    ...(result.error?.issues ?? []).flatMap((issue) => problemsOf(issue, config, schema, unknown)),
    ...unknown,
  ].map(({ path, text }) => (placeOf === undefined ? text : `${text} (${placeOf(path)})`));
  throw new AriesError('CONFIG_INVALID', redact(`${name}: ${problems.join('; ')}`), {
    connector: name,
    hint: `aries spec ${name} lists what the config takes.`,
  });
}

/**
 * Returns the JSON Schema of a connector's config, as people write it (before defaults are filled in).
 *
 * @example
 * configSchema(z.object({ url: z.string() }), 'file').required; // ['url']
 */
export function configSchema(schema: z.ZodType, connector: string): FieldSchema {
  return toJsonSchema(schema, `${connector}: config`, 'input');
}
