/** Error codes, with the kind and exit code that schedulers act on. */

import { AriesError, type ErrorCode } from '@aries-data/sdk';
import { ERROR_CODES } from '@aries-data/sdk/internal';
import { expect, test } from 'vitest';

test('error codes', async () => {
  const rows = (Object.keys(ERROR_CODES) as ErrorCode[]).map((code) => {
    const { kind, exitCode } = new AriesError(code, 'It failed');
    return `  ${JSON.stringify(code)}: ${JSON.stringify({ kind, exitCode })}`;
  });
  await expect(`{\n${rows.join(',\n')}\n}\n`).toMatchFileSnapshot('golden/errors.json');
});
