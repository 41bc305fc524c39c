import { expect, test } from 'vitest';
import { createRedactor } from './redact.ts';

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

test('hides passwords in URLs and secret query parameters it was never told of', () => {
  const redactor = createRedactor();
  expect(redactor.text('postgres://me:hunter2@db:5432/x')).toBe('postgres://me:[redacted]@db:5432/x');
  expect(redactor.text('https://a/b?access_token=abc&page=2')).toBe('https://a/b?access_token=[redacted]&page=2');
  expect(redactor.text('https://a/b?X-Amz-Signature=abc')).toBe('https://a/b?X-Amz-Signature=[redacted]');
});

test('hides secrets in keys and values of nested objects, and survives circles', () => {
  const circle: Record<string, unknown> = { list: ['canary', { canary: 1 }], error: new Error('canary failed') };
  circle.self = circle;
  expect(createRedactor(['canary']).value(circle)).toEqual({
    list: ['[redacted]', { '[redacted]': 1 }],
    error: { name: 'Error', message: '[redacted] failed' },
    self: '[circular]',
  });
});

test('a secret learnt later is hidden too, the longest first', () => {
  const redactor = createRedactor(['abcd']);
  redactor.add('abcdefgh');
  expect(redactor.text('abcdefgh abcd')).toBe('[redacted] [redacted]');
});
