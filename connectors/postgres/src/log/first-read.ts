import type { EncodedPart, EncodedResult, ReadContext, StagedFormat } from '@aries-data/sdk';
import type { SourceConfig } from '../config.ts';
import { query, type Session } from '../connect/connect.ts';
import { copyPieces } from '../source/copy-pieces.ts';
import { ctidRanges } from '../source/ctid-ranges.ts';
import type { Relation } from '../source/discovery.ts';
import { openReadSessions } from '../source/read-sessions.ts';
import { type Selection, selectionOf, selectRows } from '../source/selection.ts';
import type { LogPosition } from './position.ts';
import type { TakeSnapshot } from './shared-snapshot.ts';

/**
 * Copies a table as it was at one place in the log, over as many connections as allowed. The last part has that place as its position, so
 * an attempt that died before it starts again, with a snapshot of its own.
 */
export async function* readFirst(
  relation: Relation,
  ctx: ReadContext<SourceConfig, LogPosition> & { format: StagedFormat; concurrency: number },
  takeSnapshot: TakeSnapshot,
): AsyncGenerator<EncodedPart<LogPosition>> {
  if (ctx.position !== undefined) return;
  const lease = await takeSnapshot(ctx);
  try {
    const { id, lsn, system } = lease.snapshot;
    const selected = selectionOf(relation, ctx);
    // What the publication leaves out never comes later, so it must not come now.
    const filter = lease.catalog.tables.get(relation.name)?.published?.filter;
    const selection: Selection =
      filter == null ? selected : { ...selected, filters: [...selected.filters, `(${filter})`] };
    const sessions = await openReadSessions(ctx, {
      relation,
      from: relation.from,
      columns: selection.columns,
      under: id,
    });
    let complete = false;
    try {
      const position: LogPosition = { lsn, system, snapshot: await currentSnapshot(sessions.first) };
      const statements = await statementsOf(sessions.first, selection, ctx.concurrency);
      yield* copyPieces<LogPosition>(sessions, ctx, {
        format: ctx.format,
        statements,
        resultOf: (rows, index): EncodedResult<LogPosition> =>
          index === statements.length - 1 ? { rows, position } : { rows },
      });
      complete = true;
    } finally {
      await sessions.close(complete);
    }
  } finally {
    lease.done();
  }
}

async function currentSnapshot(session: Session): Promise<string> {
  const sql = 'SELECT pg_catalog.pg_current_snapshot()::text AS snapshot';
  return (await query<{ snapshot: string }>(session, sql)).rows[0]!.snapshot;
}

async function statementsOf(session: Session, selection: Selection, concurrency: number): Promise<string[]> {
  const isWhole = concurrency === 1 || selection.limit !== undefined;
  const ranges = isWhole ? undefined : await ctidRanges(session, selection.from);
  if (ranges === undefined) return [selectRows(selection)];
  return ranges.map(({ from, conditions }) =>
    selectRows({ ...selection, from, filters: [...selection.filters, ...conditions] }),
  );
}
