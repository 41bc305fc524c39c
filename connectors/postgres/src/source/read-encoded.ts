import type { EncodedPart, EncodedResult, ReadContext, StagedFormat } from '@aries-data/sdk';
import type { SourceConfig } from '../config.ts';
import type { Session } from '../connect/connect.ts';
import { boundaryOf } from './boundary.ts';
import { copyPieces } from './copy-pieces.ts';
import { ctidRanges } from './ctid-ranges.ts';
import type { Relation } from './discovery.ts';
import { refuseOtherTable, withinPartition } from './partitions.ts';
import { piecesOf } from './pieces.ts';
import { openReadSessions } from './read-sessions.ts';
import { type Position, type Selection, selectionOf, selectRows } from './selection.ts';

/**
 * Reads a relation in one snapshot, over as many connections as allowed. Each statement yields one part, and the first reports
 * the end of the cursor. With the encoding `SQL_ASCII` bytes pass unchecked; with any other the server refuses invalid ones.
 */
export async function* readEncoded(
  relation: Relation,
  ctx: ReadContext<SourceConfig, Position> & { format: StagedFormat; concurrency: number },
  encoding: 'UTF8' | 'SQL_ASCII' = 'UTF8',
): AsyncGenerator<EncodedPart<Position>> {
  if (relation.hasPolicies) {
    ctx.log.warn(
      `${relation.name}: row security decides which rows this role sees. To read all of them, use its owner or a role with BYPASSRLS`,
    );
  }
  const { position } = ctx;
  const all = selectionOf(relation, ctx, position);
  const asked = ctx.partition === undefined ? all : withinPartition(all, relation, ctx.partition);
  const sessions = await openReadSessions(ctx, { relation, from: asked.from, columns: asked.columns });
  let complete = false;
  try {
    if (ctx.partition !== undefined) await refuseOtherTable(sessions.first, relation, ctx.partition);
    const boundary = await boundaryOf(sessions.first, asked, {
      timezone: ctx.config.timezone,
      cursorEnd: ctx.cursorEnd,
      position,
    });
    const { selection, isBelow } = boundary;
    const { maxCursor } = boundary.result;
    const reach = maxCursor === undefined ? {} : { maxCursor };
    const pieces =
      ctx.partition === undefined
        ? await statementsOf(sessions.first, relation, selection, ctx, position)
        : [{ rows: selectRows(selection) }];
    yield* copyPieces(sessions, ctx, {
      format: ctx.format,
      encoding,
      statements: pieces.map(({ rows }) => rows),
      resultOf(rows, index) {
        const { last } = pieces[index]!;
        const result: EncodedResult<Position> = { rows, ...(index === 0 ? boundary.result : reach) };
        if (last === undefined) return result;
        const below = ctx.cursorEnd?.exact === true ? isBelow : undefined;
        return { ...result, position: positionOf(relation, last, maxCursor, below) };
      },
    });
    complete = true;
  } finally {
    await sessions.close(complete);
  }
}

/** Returns statements that read everything: in ranges of the key, between which a later attempt can resume, or in ranges of blocks. */
async function statementsOf(
  session: Session,
  relation: Relation,
  selection: Selection,
  { concurrency }: { concurrency: number },
  position: Position | undefined,
): Promise<{ rows: string; last?: string }[]> {
  const pieces = await piecesOf(session, relation, selection, { position });
  const isSplit =
    pieces.length > 1 || concurrency === 1 || relation.inCatalog !== true || selection.limit !== undefined;
  const ranges = isSplit ? undefined : await ctidRanges(session, selection.from);
  const of = (from: string, conditions: readonly string[]) =>
    selectRows({ ...selection, from, filters: [...selection.filters, ...conditions] });
  if (ranges !== undefined) return ranges.map(({ from, conditions }) => ({ rows: of(from, conditions) }));
  return pieces.map(({ conditions, ...piece }) => ({ ...piece, rows: of(selection.from, conditions) }));
}

function positionOf(
  { rangeKey }: Relation,
  after: string,
  until: string | undefined,
  isBelow: boolean | undefined,
): Position {
  return {
    key: rangeKey!.name,
    after,
    ...(until === undefined ? {} : { until }),
    ...(isBelow === undefined ? {} : { isBelow }),
  };
}
