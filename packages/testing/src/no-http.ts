import { createRedactor } from '@aries-data/engine';
import { createHttp, silentLog } from '@aries-data/engine/internal';
import type { Http } from '@aries-data/sdk';

/** The `http` of a connector that declares none, for tests that build a context themselves. */
export const noHttp: Http = createHttp({
  settings: () => ({}),
  connector: 'test',
  log: silentLog,
  signal: new AbortController().signal,
  redactor: createRedactor(),
});
