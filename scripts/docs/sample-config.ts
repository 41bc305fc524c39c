import { z } from 'zod';

interface Schema {
  type?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
}

/** Makes a config with all required options and defaults, and `text` for text: enough to call functions, not to connect. */
export function sampleConfig(config: z.ZodType, text: string): unknown {
  return sampleOf(z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' }) as Schema, text);
}

function sampleOf(schema: Schema, text: string): unknown {
  const fixed = [schema.default, schema.const, schema.enum?.[0]].find((value) => value !== undefined);
  if (fixed !== undefined) return fixed;
  if (schema.anyOf !== undefined) return sampleOf(schema.anyOf[0]!, text);
  if (schema.type === 'array') return [];
  if (schema.type === 'integer' || schema.type === 'number') return 1;
  if (schema.type === 'boolean') return false;
  if (schema.type !== 'object') return text;
  return Object.fromEntries(
    Object.entries(schema.properties ?? {})
      .filter(([name, option]) => schema.required?.includes(name) || option.default !== undefined)
      .map(([name, option]) => [name, sampleOf(option, text)]),
  );
}
