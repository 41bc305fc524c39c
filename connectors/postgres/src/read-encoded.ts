import { finished } from 'node:stream/promises';
import type { EncodedPart, EncodedResult, ReadContext } from '@aries-data/sdk';
import { boundaryOf } from './boundary.ts';
import type { SourceConfig } from './config.ts';
import { connect, query } from './connect.ts';
import { CopyOut } from './copy-out.ts';
import type { Relation } from './discovery.ts';
import { piecesOf } from './pieces.ts';
import { type Position, selectionOf, selectRows } from './selection.ts';

/** A scan begins at the table's start, not where another one happens to be: the same order each time. */
const SETTINGS = { synchronize_seqscans: 'off' };

/**
 * Reads a relation as csv in one snapshot: each piece is a part, behind which a later attempt can go on. What the cursor reaches
 * is said with the first.
 */
export async function* readEncoded(relation: Relation, ctx: ReadContext<SourceConfig>): AsyncGenerator<EncodedPart> {
  const position = ctx.position as unknown as Position | undefined;
  const selection = selectionOf(relation, ctx, position);
  const session = await connect(ctx.config, { signal: ctx.signal, settings: SETTINGS });
  let complete = false;
  try {
    await query(session, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { keysAtMax, maxCursor } = await boundaryOf(session, selection, position);
    const reach = maxCursor === undefined ? {} : { maxCursor };
    const pieces = await piecesOf(session, relation, selection, { position });
    for (const [index, { conditions, last }] of pieces.entries()) {
      const rows = selectRows({ ...selection, filters: [...selection.filters, ...conditions] });
      const body = session.client.query(new CopyOut(`COPY (${rows}) TO STDOUT (FORMAT csv, ENCODING 'UTF8')`));
      const done = finished(body).then((): EncodedResult => {
        const result: EncodedResult = { rows: body.rows, ...reach };
        if (index === 0 && keysAtMax !== undefined) result.keysAtMax = keysAtMax;
        if (last !== undefined) result.position = positionOf(relation, last, maxCursor);
        return result;
      });
      // Whoever reads the body sees the same error; this one is for those who wait for `done`.
      done.catch(() => {});
      yield { body, done };
      await done;
    }
    complete = true;
  } finally {
    await (complete ? session.end() : session.abort());
  }
}

function positionOf({ rangeKey }: Relation, after: string, until: string | undefined): { [name: string]: string } {
  return { key: rangeKey!.name, after, ...(until === undefined ? {} : { until }) };
}
