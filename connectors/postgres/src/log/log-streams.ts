import {
  AriesError,
  type ChangeLog,
  type RecordSchema,
  type Stream,
  type StreamDefinition,
  type StreamsContext,
} from '@aries-data/sdk';
import type { SourceConfig } from '../config.ts';
import type { Session } from '../connect/connect.ts';
import type { Relation } from '../source/discovery.ts';
import { fieldSchemaOf } from '../types.ts';
import { readFirst } from './first-read.ts';
import { checkConfig } from './log-config.ts';
import { type LogCatalog, loggedColumns, logKeyOf, obstacleOf, readCatalog } from './log-table.ts';
import { type LogPosition, logPosition } from './position.ts';
import { confirm, type LogStream, readChanges } from './read-changes.ts';
import { checkServer } from './server.ts';
import { sharedSnapshot, type TakeSnapshot } from './shared-snapshot.ts';

type Definition = StreamDefinition<SourceConfig, RecordSchema, typeof logPosition>;

/**
 * Defines the streams that are read from the log: all share one slot and are read in one pass. A table whose changes the log cannot tell is
 * a stream too, whose reads fail with what to do.
 */
export async function logStreams(
  session: Session,
  { config, log, stream }: StreamsContext<SourceConfig>,
  relations: readonly Relation[],
): Promise<Record<string, Stream>> {
  const { publication } = checkConfig(config);
  await checkServer(session);
  const what = { schema: config.schema, publication, tables: relations.map(({ name }) => name) };
  const catalog = await readCatalog(session, what);
  const defined = relations.map((relation) => logged(relation, catalog, config));
  const readable = defined.filter(({ obstacle }) => obstacle === undefined);
  warnXml(readable, log);
  const streams = new Map(readable.map(({ of }) => [of.name, of]));
  const takeSnapshot = sharedSnapshot([...streams.keys()]);
  const changeLog: ChangeLog<SourceConfig, LogPosition> = {
    read: (ctx) => readChanges(streams, ctx),
    released: (ctx, committed) => confirm(ctx, committed),
  };
  // `fromEntries` allows a table called __proto__.
  return Object.fromEntries(
    defined.map((one) => [one.of.name, stream(definitionOf(one, changeLog, takeSnapshot))]),
  ) as Record<string, Stream>;
}

interface Logged {
  relation: Relation;
  of: LogStream;
  obstacle: AriesError | undefined;
}

function logged(found: Relation, catalog: LogCatalog, config: SourceConfig): Logged {
  const table = catalog.tables.get(found.name)!;
  const columns = loggedColumns(table, catalog.version);
  const primaryKey = logKeyOf(table, found.primaryKey).filter((name) => columns.some((column) => column.name === name));
  const relation: Relation = {
    ...found,
    // What the log does not bring must not be in the first read either.
    columns: found.columns.filter(({ name }) => columns.some((column) => column.name === name)),
    primaryKey: [...primaryKey],
  };
  const schema: RecordSchema = {
    type: 'object',
    properties: Object.fromEntries(
      relation.columns.map((column) => [
        column.name,
        // Changes may lack a value: it was not sent, or the column could still be NULL at the time.
        fieldSchemaOf({ ...column, nullable: !primaryKey.includes(column.name) }, config.floats),
      ]),
    ),
    required: [...primaryKey],
    additionalProperties: false,
  };
  const obstacle = obstacleOf(table, primaryKey, config.schema) ?? policyObstacle(relation);
  return { relation, of: { name: found.name, schema, primaryKey, columns }, obstacle };
}

function definitionOf(
  { relation, of, obstacle }: Logged,
  changeLog: ChangeLog,
  takeSnapshot: TakeSnapshot,
): Definition {
  const { schema, primaryKey } = of;
  if (obstacle !== undefined) {
    return {
      schema,
      // biome-ignore lint/correctness/useYield: there is nothing to yield
      async *read() {
        throw obstacle;
      },
    };
  }
  return {
    schema,
    primaryKey,
    changes: true,
    state: 'position',
    firstRead: 'snapshot',
    unbounded: true,
    position: logPosition,
    changeLog,
    pushdown: ['columns'],
    readEncoded: {
      formats: ['csv', 'pgcopy'],
      exactWindow: true,
      open: (ctx) => readFirst(relation, ctx, takeSnapshot),
    },
  };
}

/** The log has the rows of all, a first read only those that the role may see. */
function policyObstacle({ name, hasPolicies }: Relation): AriesError | undefined {
  if (hasPolicies !== true) return undefined;
  return new AriesError('NOT_ALLOWED', `Postgres: row security decides which rows of "${name}" this role sees`, {
    stream: name,
    hint: 'Use the owner of the table, or a role with BYPASSRLS: the log has all rows.',
  });
}

function warnXml(streams: readonly Logged[], log: StreamsContext<SourceConfig>['log']): void {
  for (const { relation } of streams) {
    const xml = relation.columns.filter(({ type }) => type === 'xml').map(({ name }) => name);
    if (xml.length > 0) log.warn(`${relation.name}: the log has xml (${xml.join(', ')}) without <?xml version="1.0"?>`);
  }
}
