import { inject } from 'vitest';
import { createDatabase, dropDatabase } from './postgres-server.ts';

/** An empty database, dropped when it is disposed of. */
export interface FreshDatabase extends AsyncDisposable {
  url: string;
}

/** Creates an empty database with a unique name, by default on the test run's server. */
export async function freshDatabase(serverUrl: string = inject('postgresUrl')): Promise<FreshDatabase> {
  const url = await createDatabase(serverUrl);
  return { url, [Symbol.asyncDispose]: () => dropDatabase(serverUrl, url) };
}
