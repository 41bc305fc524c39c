import { inject } from 'vitest';
import { createDatabase, dropDatabase } from './postgres-server.ts';

/** An empty database for one test file, dropped when it is disposed of. */
export interface FreshDatabase extends AsyncDisposable {
  url: string;
}

/** Makes an empty database with a name of its own, on the test run's server unless another is given. */
export async function freshDatabase(serverUrl: string = inject('postgresUrl')): Promise<FreshDatabase> {
  const url = await createDatabase(serverUrl);
  return { url, [Symbol.asyncDispose]: () => dropDatabase(serverUrl, url) };
}
