import pg from 'pg';

/** Runs statements on a new connection; returns the rows of the last one. */
export async function query(url: string, ...statements: string[]): Promise<pg.QueryResult['rows']> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    let rows: pg.QueryResult['rows'] = [];
    // Several statements give one result each.
    for (const statement of statements) rows = [await client.query(statement)].flat().at(-1)!.rows;
    return rows;
  } finally {
    await client.end();
  }
}
