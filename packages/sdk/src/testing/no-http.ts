import { createHttp } from '../http/client.ts';
import type { Http } from '../http/http.ts';
import { silentLog } from '../log.ts';
import { createRedactor } from '../redact.ts';

/** The `http` of a connector that declares none, for tests that build a context themselves. */
export const noHttp: Http = createHttp({
  settings: () => ({}),
  connector: 'test',
  log: silentLog,
  signal: new AbortController().signal,
  redactor: createRedactor(),
});
