import {
  AriesError,
  type ChangeLogContext,
  type ChangeLogItem,
  type ConnectorContext,
  fieldsOf,
  type RecordSchema,
} from '@aries-data/sdk';
import type { SourceConfig } from '../config.ts';
import { connect } from '../connect/connect.ts';
import { sqlStateOf } from '../errors.ts';
import { ChangeCollector, type CollectedStream, type Misfit } from './change-collector.ts';
import { type ChangeFeed, openFeed } from './change-feed.ts';
import { columnsAgree, columnsDiffer } from './compared-columns.ts';
import { checkContinuity } from './continuity.ts';
import { type LogCatalog, loggedColumns, publicationOf, readCatalog, type TableColumn } from './log-table.ts';
import { earliest, type Lsn, latest, parseLsn } from './lsn.ts';
import type { LogRelation } from './pgoutput.ts';
import { type LogPosition, logPosition } from './position.ts';
import { checkPublication } from './publication.ts';
import { rowReader } from './row-reader.ts';
import { checkServer } from './server.ts';
import { advanceSlot, checkSlot, findSlot, lost, type Slot } from './slot.ts';
import { openWalSession, type WalSession } from './wal-session.ts';

/** How long to wait for an item before a checkpoint shows how far the log is. */
const IDLE_MS = 1000;

/** A table whose changes are read, as it was when the streams were discovered. */
export interface LogStream {
  name: string;
  schema: RecordSchema;
  primaryKey: readonly string[];
  /** The columns that are logged. */
  columns: readonly TableColumn[];
}

type Context = ChangeLogContext<SourceConfig, LogPosition>;

/**
 * Reads the changes of all streams in one pass over the log. Before anything is confirmed, or a position passed on, it checks that the
 * slot and the publication had everything since the positions: the server gives no error if a publication is gone, and no changes.
 */
export async function* readChanges(
  streams: ReadonlyMap<string, LogStream>,
  ctx: Context,
): AsyncGenerator<ChangeLogItem<LogPosition>> {
  const { config, log, signal } = ctx;
  const { catalog, slot } = await checkedState(ctx);
  const read = [...ctx.streams].map(([name, { position, columns }]) => {
    const table = catalog.tables.get(name)!;
    const stream = streams.get(name)!;
    if (!isSame(loggedColumns(table, catalog.version), stream.columns)) throw changed(name);
    return { oid: table.oid, stream: collected(stream, columns, lsnOf(position), catalog.lsn) };
  });
  const from = earliest(read.map(({ stream }) => stream.from));
  const held = heldBy(ctx.committed, catalog, config);
  log.info(`The server keeps ${slot.keptBytes} bytes of its log for the replication slot "${slot.name}"`, {
    slot: slot.name,
    lagBytes: slot.keptBytes,
  });
  const session = await openWalSession(config, signal);
  const { system, flushed } = session;
  let feed: ChangeFeed | undefined;
  try {
    for (const [name, { position }] of ctx.streams) checkSystem(name, position, session);
    const collector = new ChangeCollector({
      streams: new Map(read.map(({ oid, stream }) => [oid, stream])),
      end: flushed,
      positionAt: (lsn) => ({ lsn, system, snapshot: catalog.snapshot }),
    });
    feed = await openFeed(session, collector, {
      slot: slot.name,
      publication: publicationOf(config),
      from,
      // Never more than the targets hold. A stream that is behind what was confirmed before is lost anyway.
      confirmed: held === undefined ? slot.confirmed : latest([slot.confirmed, earliest([from, ...held.lsns])]),
    });
    for (;;) {
      const item = await feed.next(IDLE_MS);
      if (item !== undefined) yield item;
      else if (collector.misfit !== undefined) return yield* endAtMisfit(ctx, collector, collector.misfit);
      else if (!collector.isInTransaction) collector.checkpoint({ always: true });
    }
  } catch (error) {
    if (signal.aborted) throw new AriesError('INTERRUPTED', 'Stopped by a signal', { cause: error });
    throw await explained(error, ctx);
  } finally {
    if (feed === undefined) await session.abort();
    else await feed.stop();
  }
}

/** Confirms what all streams hold, so that the server may let go of it. */
export async function confirm(
  ctx: ConnectorContext<SourceConfig>,
  committed: ReadonlyMap<string, unknown>,
): Promise<void> {
  const { config, signal, log } = ctx;
  const session = await connect(config, { signal });
  try {
    const what = { schema: config.schema, publication: publicationOf(config), tables: [...committed.keys()] };
    const catalog = await readCatalog(session, what);
    const slot = await findSlot(session, config.slot!);
    const held = heldBy(committed, catalog, config);
    if (slot === undefined || slot.lost || held === undefined || held.broken.length > 0) {
      const why = held?.broken.map(({ message }) => message).join('; ') ?? '';
      log.warn(`Nothing is confirmed to the replication slot "${config.slot}"${why === '' ? '' : `: ${why}`}`);
    } else if (slot.activePid === null && held.lsns.length > 0) {
      // While somebody reads it, it cannot be moved; the next read confirms as well.
      await advanceSlot(session, slot, earliest(held.lsns));
    }
  } finally {
    await session.end();
  }
}

/**
 * Returns the places that the targets hold of tables of which nothing is missing since, and why it is of the others, which must be read
 * anew. Undefined if a position cannot be read: then nobody knows what may be confirmed.
 */
function heldBy(
  committed: ReadonlyMap<string, unknown>,
  catalog: LogCatalog,
  config: SourceConfig,
): { lsns: Lsn[]; broken: AriesError[] } | undefined {
  const lsns: Lsn[] = [];
  const broken: AriesError[] = [];
  for (const [stream, found] of committed) {
    const { data: position } = logPosition.safeParse(found);
    if (position === undefined) return undefined;
    try {
      checkContinuity(stream, position, catalog, config);
      lsns.push(parseLsn(position.lsn));
    } catch (error) {
      broken.push(error as AriesError);
    }
  }
  return { lsns, broken };
}

/** Checks that nothing after the positions is missing. Throws `POSITION_LOST` (78) with the way out. */
async function checkedState(ctx: Context): Promise<{ catalog: LogCatalog; slot: Slot }> {
  const { config, signal } = ctx;
  const session = await connect(config, { signal });
  try {
    await checkServer(session);
    const tables = [...new Set([...ctx.streams.keys(), ...ctx.committed.keys()])];
    const catalog = await readCatalog(session, { schema: config.schema, publication: publicationOf(config), tables });
    for (const [name, { position }] of ctx.streams) checkContinuity(name, position!, catalog, config);
    checkPublication(config, catalog);
    const slot = await findSlot(session, config.slot!);
    checkSlot(slot, config.slot!, earliest([...ctx.streams.values()].map(({ position }) => lsnOf(position))));
    return { catalog, slot };
  } finally {
    await session.end();
  }
}

function checkSystem(stream: string, position: LogPosition | undefined, { system, flushed }: WalSession): void {
  if (position!.system !== system)
    throw lost(
      'the state belongs to another database cluster',
      'If the address in the config is wrong, correct it.',
      stream,
    );
  if (lsnOf(position) > flushed)
    throw lost('the log ends before the state: the server was restored from a backup', '', stream);
}

function collected(
  { name, schema, primaryKey, columns }: LogStream,
  names: readonly string[] | undefined,
  from: Lsn,
  catalogLsn: Lsn,
): CollectedStream {
  const isRead = (column: string) => names === undefined || names.includes(column) || primaryKey.includes(column);
  const fields = fieldsOf(schema).filter((field) => isRead(field.name));
  return {
    name,
    from,
    readerFor(relation: LogRelation, commitLsn: Lsn) {
      // What is not as in the catalog either came later than that, or was so before: these are told apart by their place in the log.
      if (commitLsn >= catalogLsn && !columnsAgree(relation.columns, columns))
        return { reason: 'they changed after they were discovered', isNewer: true };
      const reason = columnsDiffer(relation.columns, columns, isRead);
      if (reason !== undefined) return { reason, isNewer: false };
      return rowReader({ stream: name, relation, fields, columns, primaryKey });
    },
  };
}

/** Ends the read before a transaction whose rows do not fit the schema. If the schema is too old for them, the next read has a new one. */
function* endAtMisfit(
  ctx: Context,
  collector: ChangeCollector,
  { stream, reason, isNewer, isPartial }: Misfit,
): Generator<ChangeLogItem<LogPosition>> {
  if (!isNewer) throw lost(`the columns of "${stream}" were changed after the state: ${reason}`, '', stream);
  if (isPartial) throw changed(stream);
  collector.passOnWhole();
  for (let item = collector.take(); item !== undefined; item = collector.take()) yield item;
  ctx.log.info(`${stream}: the read ends before its columns change; the next one has the new schema`, { stream });
}

function changed(stream: string): AriesError {
  return new AriesError('SOURCE_CHANGED', `Postgres: the columns of "${stream}" changed after they were discovered`, {
    stream,
    hint: 'Run the same command again. It will read the current schema.',
  });
}

function isSame(some: readonly TableColumn[], others: readonly TableColumn[]): boolean {
  return JSON.stringify(some) === JSON.stringify(others);
}

/** Looks for the reason of an error of the stream, whose text differs between versions of the server. */
async function explained(error: unknown, ctx: Context): Promise<unknown> {
  const state = sqlStateOf(error);
  if (state === undefined || state.startsWith('08') || state.startsWith('57')) return error;
  if (state === '58P01') return lost('the server no longer has the log that the replication slot needs');
  return checkedState(ctx).then(
    () => error,
    (reason) => reason,
  );
}

function lsnOf(position: LogPosition | undefined): Lsn {
  return parseLsn(position!.lsn);
}
