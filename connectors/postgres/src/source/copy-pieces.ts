import { finished } from 'node:stream/promises';
import type { EncodedPart, EncodedResult, Json, StagedFormat } from '@aries-data/sdk';
import { CopyOut } from './copy-out.ts';
import type { ReadSessions } from './read-sessions.ts';

/** The statements that read a relation, each a piece of it. */
export interface Pieces<P> {
  statements: readonly string[];
  format: StagedFormat;
  /** The encoding of csv: as it is stored (`SQL_ASCII`), or UTF-8. */
  encoding?: 'UTF8' | 'SQL_ASCII' | undefined;
  /** Makes the result of a piece from the number of its rows. */
  resultOf(rows: number, index: number): EncodedResult<P>;
}

/** Runs the statements over as many sessions as allowed. Each yields one part; the order in which they end is not fixed. */
export async function* copyPieces<P = Json>(
  sessions: ReadSessions,
  { concurrency }: { concurrency: number },
  { statements, format, encoding = 'UTF8', resultOf }: Pieces<P>,
): AsyncGenerator<EncodedPart<P>> {
  const bareRows = format === 'pgcopy';
  const form = bareRows ? 'FORMAT binary' : `FORMAT csv, ENCODING '${encoding}'`;
  const running = new Set<Promise<unknown>>();
  await sessions.grow(Math.min(concurrency, statements.length));
  for (const [index, statement] of statements.entries()) {
    const session = await sessions.take();
    const body = session.client.query(new CopyOut(`COPY (${statement}) TO STDOUT (${form})`, { bareRows }));
    const done = finished(body).then(() => {
      sessions.giveBack(session);
      return resultOf(body.rows, index);
    });
    running.add(done);
    // The reader of the body and whoever awaits `done` get the same error.
    done.catch((error) => sessions.fail(error));
    yield { body, done };
  }
  await Promise.all(running);
}
