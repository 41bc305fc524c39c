import { AriesError } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { createRedactor } from '../redact/redact.ts';
import { guarded } from './step-context.ts';

test('a very long message is cut after its secrets are redacted', async () => {
  const context = { signal: new AbortController().signal, redactor: createRedactor(['canary-secret']) };
  const message = `${'x'.repeat(19_995)}canary-secret${'y'.repeat(1_000_000)}`;
  const error = await guarded(context, { connector: 'shop' }, async () => {
    throw new AriesError('DATA_INVALID', message);
  }).catch((thrown: AriesError) => thrown);
  expect(error.message).toMatch(/x\[reda… \(1000005 more characters\)$/);
  expect(error.message.length).toBeLessThan(20_100);
  expect(error.stack!.length).toBeLessThan(20_100);
});
