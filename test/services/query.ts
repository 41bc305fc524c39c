import pg from 'pg';

/** Runs statements on a connection of their own; returns the rows of the last. */
export async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const result = await client.query(sql);
    return [result].flat().at(-1)!.rows;
  } finally {
    await client.end();
  }
}
