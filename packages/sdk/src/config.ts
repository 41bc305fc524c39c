import type { z } from 'zod';
import { problemsOf } from './config/problem.ts';
import { secretsIn, textsIn } from './config/secrets.ts';
import { checkSize } from './config/size.ts';
import { unknownOptions } from './config/unknown-options.ts';
import { coerced } from './config/walk.ts';
import { AriesError } from './errors.ts';
import type { PlaceOf } from './places.ts';
import { createRedactor, passwordsIn, type Redactor } from './redact.ts';
import { type FieldSchema, toJsonSchema } from './schema.ts';

/** What `parseConfig` may use. */
export interface ParseOptions {
  /** Is told the secrets. */
  redactor?: Redactor | undefined;
  /** Where in its file each path of the config is. */
  placeOf?: PlaceOf | undefined;
}

/**
 * Parses a config with a connector's schema. A text that came from a reference is coerced where the schema wants a number or
 * a boolean. Secrets are told to the redactor. Throws `CONFIG_INVALID` naming each path, what is expected there, and the line of
 * its file where that is known.
 *
 * @example
 * parseConfig(z.object({ port: z.number() }), { port: '5432' }, 'postgres'); // { port: 5432 }
 */
export function parseConfig<C extends z.ZodType>(
  schema: C,
  value: unknown,
  connector: string,
  { redactor = createRedactor(), placeOf }: ParseOptions = {},
): z.output<C> {
  checkSize(value, `${connector}: the config`);
  // Refuses types that JSON cannot hold.
  configSchema(schema, connector);
  const config = coerced(value ?? {}, schema);
  for (const secret of secretsIn(config, schema)) redactor.add(secret);
  for (const text of textsIn(config)) for (const password of passwordsIn(text)) redactor.add(password);
  const unknown = unknownOptions(config, schema);
  const result = schema.safeParse(config);
  if (result.success && unknown.length === 0) {
    for (const secret of secretsIn(result.data, schema)) redactor.add(secret);
    return result.data as z.output<C>;
  }
  const problems = [
    ...(result.error?.issues ?? []).flatMap((issue) => problemsOf(issue, config, schema, unknown)),
    ...unknown,
  ].map(({ path, text }) => (placeOf === undefined ? text : `${text} (${placeOf(path)})`));
  throw new AriesError('CONFIG_INVALID', redactor.text(`${connector}: ${problems.join('; ')}`), {
    connector,
    hint: `aries spec ${connector} lists what the config takes.`,
  });
}

/**
 * The JSON Schema of a connector's config, as people write it.
 *
 * @example
 * configSchema(z.object({ url: z.string() }), 'file').required; // ['url']
 */
export function configSchema(schema: z.ZodType, connector: string): FieldSchema {
  return toJsonSchema(schema, `${connector}: config`, 'input');
}
