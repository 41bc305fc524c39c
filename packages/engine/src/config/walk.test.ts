import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createRedactor } from '../redact/redact.ts';
import { parseConfig } from './connector-config.ts';
import { publicConfig, secretsIn } from './secrets.ts';

/** The object within each kind of schema: a number, a boolean and a secret of three characters. */
const leaf = z.object({
  port: z.number().default(1),
  on: z.boolean().optional(),
  key: z.string().meta({ secret: true }),
});
const GIVEN = { port: '5432', on: 'true', key: 'abc' };

interface Kind {
  schema: z.ZodType;
  /** Makes the config around the leaf. */
  around: (leaf: object) => unknown;
  /** Path of the leaf in messages. */
  path: string;
}

interface Tree {
  leaf?: object | undefined;
  next?: Tree | undefined;
}
const tree: z.ZodType<Tree> = z.object({ leaf: leaf.optional(), next: z.lazy(() => tree).optional() });

const other = z.object({ kind: z.literal('none') });
const KINDS: Record<string, Kind> = {
  plain: { schema: z.object({ a: leaf }), around: (a) => ({ a }), path: 'a' },
  optional: { schema: z.object({ a: leaf.optional() }), around: (a) => ({ a }), path: 'a' },
  nullable: { schema: z.object({ a: leaf.nullable() }), around: (a) => ({ a }), path: 'a' },
  nullish: { schema: z.object({ a: leaf.nullish() }), around: (a) => ({ a }), path: 'a' },
  default: { schema: z.object({ a: leaf.default({ port: 1, key: 'x' }) }), around: (a) => ({ a }), path: 'a' },
  prefault: { schema: z.object({ a: leaf.prefault({ key: 'x' }) }), around: (a) => ({ a }), path: 'a' },
  readonly: { schema: z.object({ a: leaf.readonly() }), around: (a) => ({ a }), path: 'a' },
  nested: { schema: z.object({ a: z.object({ b: leaf }) }), around: (b) => ({ a: { b } }), path: 'a.b' },
  strict: { schema: z.strictObject({ a: z.strictObject(leaf.shape) }), around: (a) => ({ a }), path: 'a' },
  array: { schema: z.object({ a: z.array(leaf) }), around: (a) => ({ a: [a] }), path: 'a[0]' },
  tuple: { schema: z.object({ a: z.tuple([z.string(), leaf]) }), around: (a) => ({ a: ['x', a] }), path: 'a[1]' },
  'rest of a tuple': {
    schema: z.object({ a: z.tuple([z.string().optional()], leaf) }),
    around: (a) => ({ a: ['x', a] }),
    path: 'a[1]',
  },
  record: { schema: z.object({ a: z.record(z.string(), leaf) }), around: (a) => ({ a: { x: a } }), path: 'a.x' },
  catchall: { schema: z.object({ b: z.string().optional() }).catchall(leaf), around: (a) => ({ a }), path: 'a' },
  union: { schema: z.object({ a: z.union([z.string(), leaf]) }), around: (a) => ({ a }), path: 'a' },
  'union of objects': { schema: z.object({ a: z.union([other, leaf]) }), around: (a) => ({ a }), path: 'a' },
  'union with a list': { schema: z.object({ a: leaf.or(z.array(leaf)) }), around: (a) => ({ a: [a] }), path: 'a[0]' },
  'discriminated union': {
    schema: z.object({ a: z.discriminatedUnion('kind', [other, leaf.extend({ kind: z.literal('some') })]) }),
    around: (a) => ({ a: { kind: 'some', ...a } }),
    path: 'a',
  },
  'discriminated by a number': {
    schema: z.object({ a: z.discriminatedUnion('kind', [other, leaf.extend({ kind: z.literal(2) })]) }),
    around: (a) => ({ a: { kind: '2', ...a } }),
    path: 'a',
  },
  intersection: {
    schema: z.object({ a: z.intersection(leaf, z.object({ more: z.string() })) }),
    around: (a) => ({ a: { ...a, more: 'x' } }),
    path: 'a',
  },
  lazy: { schema: tree, around: (a) => ({ next: { next: { leaf: a } } }), path: 'next.next.leaf' },
};

describe.each(Object.entries(KINDS))('%s', (_, { schema, around, path }) => {
  const at = (config: unknown) =>
    path.split(/[.[\]]+/).reduce<never>((value, key) => (key === '' ? value : value[key]), config as never);

  test('strings become numbers and booleans', () => {
    expect(at(parseConfig(schema, around(GIVEN), 'shop'))).toMatchObject({ port: 5432, on: true, key: 'abc' });
  });

  test('a misspelt option is named, with the most similar name', () => {
    expect(() => parseConfig(schema, around({ ...GIVEN, prot: 1 }), 'shop')).toThrow(
      `unknown option ${path}.prot, did you mean port?`,
    );
  });

  test('a short secret is not in the public config, but its neighbours are', () => {
    const config = parseConfig(schema, around(GIVEN), 'shop');
    expect(secretsIn(config, schema)).toEqual(['abc']);
    const shown = publicConfig(config, schema, createRedactor());
    expect(at(shown)).toMatchObject({ key: '[redacted]', port: 5432 });
  });

  test('a secret is found even if the rest of the config is wrong', () => {
    const redactor = createRedactor();
    const wrong = around({ ...GIVEN, port: 'many', key: 'canary-1' });
    expect(() => parseConfig(schema, wrong, 'shop', { redactor })).toThrow(/^shop: /);
    expect(redactor.text('canary-1')).toBe('[redacted]');
  });
});

test('a string stays a string if that is one of several possible types', () => {
  const parsed = (type: z.ZodType, value: unknown) =>
    (parseConfig(z.object({ a: type }), { a: value }, 'shop') as { a: unknown }).a;
  expect(parsed(z.union([z.number(), z.string()]), '5')).toBe('5');
  expect(parsed(z.union([z.boolean(), z.number()]), '5')).toBe(5);
  expect(parsed(z.union([z.literal(5), z.literal('all')]), '5')).toBe(5);
  expect(parsed(z.number().nullable(), null)).toBe(null);
  expect(parsed(z.json(), { a: ['1'] })).toEqual({ a: ['1'] });
});

test('a secret may be marked on a wrapper, an object or a list', () => {
  const secret = { secret: true };
  const schema = z.object({
    a: z.string().optional().meta(secret),
    b: z.object({ c: z.string() }).meta(secret),
    d: z.array(z.string()).nullable().meta(secret),
    e: z.union([z.string(), z.number()]).meta(secret),
  });
  const config = { a: 'one', b: { c: 'two' }, d: ['three'], e: 4 };
  expect(secretsIn(config, schema)).toEqual(['one', 'two', 'three', '4']);
  expect(publicConfig(config, schema, createRedactor())).toEqual({
    a: '[redacted]',
    b: '[redacted]',
    d: '[redacted]',
    e: '[redacted]',
  });
  expect(publicConfig({ b: {}, d: null }, schema, createRedactor())).toEqual({ b: '[redacted]', d: null });
});

test('a wrong value below many unions is found quickly', () => {
  const deep: z.ZodType = z.lazy(() => z.union([z.number(), z.object({ x: deep })]));
  let config: unknown = 'no number';
  for (let level = 0; level < 100; level++) config = { x: config };
  expect(() => parseConfig(z.object({ a: deep }), { a: config }, 'shop')).toThrow(/config a/);
});
