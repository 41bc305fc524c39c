import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRedactor, passwordsIn, REDACTED } from './redact.ts';

test('hides a secret in every form in which it could be printed', () => {
  const redactor = createRedactor(['p"ss w/rd']);
  for (const form of [
    'p"ss w/rd',
    encodeURIComponent('p"ss w/rd'),
    JSON.stringify('p"ss w/rd'),
    Buffer.from('p"ss w/rd').toString('base64'),
  ]) {
    expect(redactor.text(`before ${form} after`)).toMatch(/^before "?\[redacted\]"? after$/);
  }
});

test('hides passwords in URLs and secret query parameters that were not added', () => {
  const redactor = createRedactor();
  expect(redactor.text('postgres://me:hunter2@db:5432/x')).toBe('postgres://me:[redacted]@db:5432/x');
  expect(redactor.text('https://a/b?access_token=abc&page=2')).toBe('https://a/b?access_token=[redacted]&page=2');
  expect(redactor.text('https://a/b?X-Amz-Signature=abc')).toBe('https://a/b?X-Amz-Signature=[redacted]');
});

test('hides secrets in keys and values of nested objects, including circular ones', () => {
  const circle: Record<string, unknown> = { list: ['canary', { canary: 1 }], error: new Error('canary failed') };
  circle.self = circle;
  expect(createRedactor(['canary']).value(circle)).toEqual({
    list: ['[redacted]', { '[redacted]': 1 }],
    error: { name: 'Error', message: '[redacted] failed' },
    self: '[circular]',
  });
});

test('a secret added later is hidden too, the longest first', () => {
  const redactor = createRedactor(['abcd']);
  redactor.add('abcdefgh');
  expect(redactor.text('abcdefgh abcd')).toBe('[redacted] [redacted]');
});

/** Ways in which a server, a driver or a log may write a secret. */
const FORMS: Record<string, (secret: string) => string> = {
  'as it is': (secret) => secret,
  'percent-encoded': encodeURIComponent,
  'percent-encoded in lower case': (secret) => encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
  'percent-encoded all over': (secret) => Buffer.from(secret).toString('hex').replace(/../g, '%$&'),
  'percent-encoded twice': (secret) => encodeURIComponent(encodeURIComponent(secret)),
  'of a form': (secret) => new URLSearchParams({ secret }).toString(),
  'of a form, shifted': (secret) => new URLSearchParams({ a: `b ${secret}` }).toString(),
  JSON: JSON.stringify,
  'JSON in JSON': (secret) => JSON.stringify(JSON.stringify(secret)),
  'JSON in ASCII': (secret) =>
    JSON.stringify(secret).replace(/[^\x20-\x7e]|\//g, (character) =>
      character === '/' ? '\\/' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  'JSON in a URL': (secret) => encodeURIComponent(JSON.stringify({ secret })),
  base64: (secret) => Buffer.from(secret).toString('base64'),
  'base64 without padding': (secret) => Buffer.from(secret).toString('base64').replaceAll('=', ''),
  base64url: (secret) => Buffer.from(secret).toString('base64url'),
  'base64 of a pair': (secret) => Buffer.from(`u:${secret}`).toString('base64'),
  'base64 of a longer pair': (secret) => Buffer.from(`user:${secret}!`).toString('base64'),
  'base64url within a text': (secret) => Buffer.from(`{"k":"${secret}"}`).toString('base64url'),
  'base64 in a URL': (secret) => encodeURIComponent(Buffer.from(`me:${secret}`).toString('base64')),
  hex: (secret) => Buffer.from(secret).toString('hex'),
  'hex in capitals': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  'of a URL': (secret) => `postgres://me:${encodeURIComponent(secret)}@db/x`,
};

describe('no form of any secret is left', () => {
  const secret = fc
    .oneof(
      fc.string({ minLength: 4, maxLength: 40 }),
      fc.string({ minLength: 4, maxLength: 40, unit: 'grapheme' }),
      fc.string({ minLength: 4, maxLength: 20, unit: fc.constantFrom(...`!'()~ "\\/%+&?#@:=-_`) }),
    )
    .filter((text) => text.trim().length >= 4);
  test.each(Object.entries(FORMS))('%s', (_, write) => {
    fc.assert(
      fc.property(secret, (text) => {
        const written = write(text);
        const shown = createRedactor([text]).text(`«${written}»`).replaceAll(REDACTED, '█');
        expect(shown).not.toContain(text);
        expect(shown).not.toContain(written);
        expect(shown.startsWith('«') && shown.endsWith('»')).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

test('single lines of a key are hidden, also of one inside JSON', () => {
  const pem = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqh\nkiG9w0BAQEFAASC+/\nQ=\n-----END PRIVATE KEY-----\n';
  for (const secret of [pem, JSON.stringify({ private_key: pem }), pem.replaceAll('\n', '\r\n')]) {
    const redactor = createRedactor([secret]);
    expect(redactor.text('bad line MIIEvQIBADANBgkqh and kiG9w0BAQEFAASC%2B%2F')).toBe(
      'bad line [redacted] and [redacted]',
    );
    expect(redactor.text('no -----BEGIN PRIVATE KEY----- found')).toBe('no -----BEGIN PRIVATE KEY----- found');
  }
});

test('overlapping secrets are hidden completely', () => {
  expect(createRedactor(['abcdef', 'defghi']).text('<abcdefghi>')).toBe('<[redacted]>');
  expect(createRedactor(['aaaa']).text('<aaaaaa>')).toBe('<[redacted]>');
});

test.each([
  ['postgres://me:p/w@db/x', 'postgres://me:[redacted]@db/x'],
  ['postgres://me:p@ss@db/x', 'postgres://me:[redacted]@db/x'],
  ['postgres://me:p?w#d@db/x', 'postgres://me:[redacted]@db/x'],
  [`postgres://me:it's "it"@db/x`, 'postgres://me:[redacted]@db/x'],
  ['postgres://me:my pass word@db/x', 'postgres://me:[redacted]@db/x'],
  ['postgres://:only@db/x', 'postgres://:[redacted]@db/x'],
  [`postgres://me:${'x'.repeat(5000)}@db/x`, 'postgres://me:[redacted]@db/x'],
  ['(see https://a:b@c and s3://d:e@f)', '(see https://a:[redacted]@c and s3://d:[redacted]@f)'],
  ['https://host:8080/mail?to=a@b.c', 'https://host:8080/mail?to=a@b.c'],
  ['http://host:8080, then ask a@b.c', 'http://host:8080, then ask a@b.c'],
  ['https://me:pw@host/x?to=a@b.c', 'https://me:[redacted]@host/x?to=a@b.c'],
  ['https://host/@scope/name', 'https://host/@scope/name'],
  ['C://x', 'C://x'],
])('%s is shown as %s', (text, shown) => {
  expect(createRedactor().text(text)).toBe(shown);
  expect(createRedactor().text(shown)).toBe(shown);
});

test('passwords with characters that should have been encoded are found', () => {
  expect(passwordsIn('postgres://me:p%40 /"w@db/x')).toEqual(['p%40 /"w', 'p@ /"w']);
});
