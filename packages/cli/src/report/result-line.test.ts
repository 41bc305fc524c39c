import { createRedactor } from '@aries-data/engine';
import { expect, test } from 'vitest';
import { resultLine } from './result-line.ts';

test('a result is one line, without secrets', () => {
  expect(
    resultLine({ ok: false, error: { code: 'BUG', message: 'broke on\nhunter22' } }, createRedactor(['hunter22'])),
  ).toBe('{"ok":false,"error":{"code":"BUG","message":"broke on\\n[redacted]"}}');
});

test('values for the next step are not redacted, even if a password is an ordinary word', () => {
  const result = {
    ok: true,
    dataset: 'file:///data/postgres/1/extract/manifest.json#sha256-1',
    name: 'postgres',
    streams: { postgres: { records: 1 } },
  };
  expect(JSON.parse(resultLine(result, createRedactor(['postgres'])))).toEqual(result);
  expect(resultLine({ dataset: 's3://user:secret@bucket/x' }, createRedactor())).toBe(
    '{"dataset":"s3://user:[redacted]@bucket/x"}',
  );
});
