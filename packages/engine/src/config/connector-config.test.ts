import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nearest } from '@aries-data/sdk';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryFolder } from '../../../../test/folders/temporary-folder.ts';
import { createRedactor } from '../redact/redact.ts';
import { parseConfig } from './connector-config.ts';
import { resolveConfig } from './resolve.ts';
import { publicConfig } from './secrets.ts';

const schema = z.object({
  url: z.string().describe('Where the API is'),
  port: z.int().default(443),
  verify: z.boolean().optional(),
  auth: z.object({ token: z.string().meta({ secret: true }) }).optional(),
  headers: z.record(z.string(), z.string().meta({ secret: true })).optional(),
});

function failure(value: unknown): { message: string; code: string; hint: string } {
  try {
    parseConfig(schema, value, 'shop');
  } catch (error) {
    return error as never;
  }
  throw new Error('expected parseConfig to fail');
}

describe('parseConfig', () => {
  test('returns the parsed config with defaults', () => {
    expect(parseConfig(schema, { url: 'https://x' }, 'shop')).toEqual({ url: 'https://x', port: 443 });
  });

  test('names the missing path, and what is expected there', () => {
    expect(failure({})).toMatchObject({ code: 'CONFIG_INVALID', exitCode: 78 });
    expect(failure({}).message).toMatchInlineSnapshot(
      `"shop: config url is missing: expected string (Where the API is)"`,
    );
    expect(failure({ url: 'x', auth: {} }).message).toMatchInlineSnapshot(
      `"shop: config auth.token is missing: expected string"`,
    );
  });

  test('names a wrong type and an unknown option, at any depth, with the most similar name', () => {
    expect(failure({ url: 7 }).message).toMatchInlineSnapshot(`"shop: config url: expected string, received number"`);
    expect(failure({ url: 'x', prot: 1 }).message).toMatchInlineSnapshot(
      `"shop: unknown option prot, did you mean port?"`,
    );
    expect(failure({ url: 'x', auth: { token: 'abcd', tokn: 'e' } }).message).toMatchInlineSnapshot(
      `"shop: unknown option auth.tokn, did you mean token?"`,
    );
    expect(failure({ url: 'x', qqqqq: 1 }).message).toMatchInlineSnapshot(
      `"shop: unknown option qqqqq; options are url, port, verify, auth, headers"`,
    );
  });

  test('coerces strings to numbers and booleans if the schema wants them', () => {
    expect(parseConfig(schema, { url: 'x', port: '8080', verify: 'false' }, 'shop')).toMatchObject({
      port: 8080,
      verify: false,
    });
    expect(failure({ url: 'x', port: 'many' }).message).toMatchInlineSnapshot(
      `"shop: config port: expected number, received string"`,
    );
  });

  test('adds every secret, and passwords in URLs, to the redactor', () => {
    const redactor = createRedactor();
    parseConfig(
      schema,
      { url: 'postgres://me:hunter22@db/x', auth: { token: 'canary-1' }, headers: { a: 'canary-2' } },
      'shop',
      { redactor },
    );
    expect(redactor.text('hunter22 canary-1 canary-2')).toBe('[redacted] [redacted] [redacted]');
  });

  test('does not print a secret that is wrong', () => {
    const secret = z.object({ token: z.string().min(20).meta({ secret: true }) });
    expect(() => parseConfig(secret, { token: 'canary-short' }, 'shop')).toThrow(/config token/);
    expect(() => parseConfig(secret, { token: 'canary-short' }, 'shop')).not.toThrow(/canary/);
  });
});

test('publicConfig has no secret', () => {
  const config = { url: 'https://me:hunter22@x', port: 1, auth: { token: 'canary-1' }, headers: { a: 'canary-2' } };
  const text = JSON.stringify(publicConfig(config, schema, createRedactor()));
  expect(text).not.toMatch(/hunter22|canary/);
  expect(text).toContain('"port":1');
});

test.each([
  ['postgres://me:hunter22@db:5433/app?sslmode=require', '[redacted]@db:5433/app'],
  ['postgres://me:hunter22@h1:5432,h2/app', '[redacted]@h1:5432,h2/app'],
  ['postgres://me:hunter22@/app?sslmode=require&host=/var/run&port=6', '[redacted]@/app?host=/var/run&port=6'],
  ['https://me:hunter22@api.example/hooks/canary', '[redacted]@api.example'],
  ['postgres://me:hun/ter22@db/app', '[redacted]'],
  ['hunter22', '[redacted]'],
])('a secret URL keeps its place: %s', (url, place) => {
  const secret = z.object({ url: z.string().meta({ secret: true }) });
  expect(publicConfig({ url }, secret, createRedactor([url]))).toEqual({ url: place });
});

describe('a config that would exhaust the stack or the memory', () => {
  const nested = (levels: number) => JSON.parse(`${'[{"a":'.repeat(levels)}1${'}]'.repeat(levels)}`) as unknown;
  const aliases = Array.from({ length: 12 }).reduce<unknown>((inner) => Array(10).fill(inner), 1);
  const circle: unknown[] = [];
  circle.push(circle);

  test.each([
    ['nested', nested(200_000), 'has more than 200 levels of lists and objects'],
    ['with aliases of aliases', aliases, 'has more than 1000000 values'],
    ['a circle', circle, 'has more than 200 levels of lists and objects'],
  ])('%s is refused', async (_, value, message) => {
    const refused = { code: 'CONFIG_INVALID', exitCode: 78, message: expect.stringContaining(message) };
    await expect(resolveConfig(value, { env: {}, redactor: createRedactor() })).rejects.toMatchObject(refused);
    expect(failure({ url: value })).toMatchObject(refused);
  });
});

describe('resolveConfig', () => {
  const env = { NAME: 'world', API_TOKEN: 'canary-token' };

  test('fills in references in string values, not in keys', async () => {
    const value = { '${env:NAME}': ['hello ${env:NAME}', 5, null], nested: { a: '$${env:NAME}' } };
    expect(await resolveConfig(value, { env, redactor: createRedactor() })).toEqual({
      '${env:NAME}': ['hello world', 5, null],
      nested: { a: '${env:NAME}' },
    });
  });

  test('reads files without the newline at their end, and hides their contents', async () => {
    const file = join(await temporaryFolder(), 'secret');
    await writeFile(file, 'canary-file\n');
    const redactor = createRedactor();
    expect(await resolveConfig({ a: `\${file:${file}}`, b: '${env:API_TOKEN}' }, { env, redactor })).toEqual({
      a: 'canary-file',
      b: 'canary-token',
    });
    expect(redactor.text('canary-file canary-token')).toBe('[redacted] [redacted]');
  });

  test.each([
    [{ a: { b: ['${env:MISSING}'] } }, 'config a.b[0] refers to the environment variable MISSING, which is not set'],
    [{ a: '${file:/nowhere/at/all}' }, 'config a refers to the file /nowhere/at/all, which cannot be read: ENOENT'],
    [{ a: '${vault:x}' }, 'config a has a reference of an unknown kind: ${vault:x}'],
  ])('names what %j is missing', async (value, message) => {
    await expect(resolveConfig(value, { env, redactor: createRedactor() })).rejects.toMatchObject({
      code: 'CONFIG_REFERENCE',
      exitCode: 78,
      message,
    });
  });
});

test('nearest finds the likely spelling', () => {
  expect(nearest('postgre', ['postgres', 'file', 'duckdb'])).toEqual(['postgres']);
  expect(nearest('xyz', ['postgres', 'file'])).toEqual([]);
});
