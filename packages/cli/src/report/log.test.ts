import { stripVTControlCharacters } from 'node:util';
import { createRedactor } from '@aries-data/engine';
import { expect, test } from 'vitest';
import { createLog } from './log.ts';

function logTo(lines: string[], settings: Parameters<typeof createLog>[0]) {
  return createLog(settings, createRedactor(['canary-secret']), (line) => lines.push(stripVTControlCharacters(line)));
}

test('a line of JSON has time, level and message first, and no field takes their place', () => {
  const lines: string[] = [];
  logTo(lines, { logLevel: 'info', logFormat: 'json' }).warn('slow', {
    seconds: 3,
    message: 'x',
    big: 1n,
    error: new Error('canary-secret'),
  });
  expect(JSON.parse(lines[0]!)).toEqual({
    time: expect.any(String),
    level: 'warn',
    message: 'slow',
    seconds: 3,
    big: '1',
    error: { name: 'Error', message: '[redacted]' },
  });
  expect(lines[0]).toMatch(/^\{"time":"[^"]+","level":"warn","message":"slow"/);
});

test('a line for people has a mark, the message and its fields', () => {
  const lines: string[] = [];
  const log = logTo(lines, { logLevel: 'debug', logFormat: 'pretty' });
  log.info('reading canary-secret', { stream: 'users', none: undefined, keys: ['a'] });
  log.debug('failed', { stack: 'Error: x\n    at y' });
  expect(lines).toEqual(['› reading [redacted] stream=users keys=["a"]', '· failed\nError: x\n    at y']);
});

test('lines below the level are left out', () => {
  const lines: string[] = [];
  const log = logTo(lines, { logLevel: 'warn', logFormat: 'json' });
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  expect(lines.map((line) => JSON.parse(line).message)).toEqual(['c', 'd']);
});
