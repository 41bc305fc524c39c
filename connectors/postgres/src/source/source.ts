import { defineSource, type ReadContext, type RecordSchema, type StreamDefinition } from '@aries-data/sdk';
import { type SourceConfig, sourceConfig } from '../config.ts';
import { connect, query } from '../connect/connect.ts';
import { checkLog } from '../log/check-log.ts';
import { logStreams } from '../log/log-streams.ts';
import { forgetSlot, slotBacklog } from '../log/watch.ts';
import { fieldSchemaOf } from '../types.ts';
import { checkSchema, discoverQueries, discoverRelations, type Relation } from './discovery.ts';
import { checkPartitions, partitionsOf } from './partitions.ts';
import { readChecked } from './read-checked.ts';
import { readEncoded } from './read-encoded.ts';
import { type Position, positionSchema } from './selection.ts';

type Definition = StreamDefinition<SourceConfig, RecordSchema, typeof positionSchema>;

/** Reads tables, views and queries of a PostgreSQL database with COPY. */
export const source = defineSource({
  config: sourceConfig,

  async check(ctx) {
    const { config, signal } = ctx;
    const session = await connect(config, { signal });
    try {
      await checkSchema(session, config.schema);
      if (config.mode === 'log') await checkLog(session, ctx);
    } finally {
      await session.end();
    }
  },

  async streams(ctx) {
    const { config, signal, stream } = ctx;
    const session = await connect(config, { signal });
    try {
      if (config.mode === 'log') return await logStreams(session, ctx, await discoverRelations(session, config));
      const { rows } = await query<{ encoding: string }>(
        session,
        `SELECT current_setting('server_encoding') AS encoding`,
      );
      const isText = rows[0]!.encoding !== 'SQL_ASCII';
      const relations = [...(await discoverRelations(session, config)), ...(await discoverQueries(session, config))];
      // `fromEntries` allows a table called __proto__.
      return Object.fromEntries(
        relations.map((relation) => [relation.name, stream(definitionOf(relation, config, isText))]),
      );
    } finally {
      await session.end();
    }
  },

  backlog: slotBacklog,
  forget: forgetSlot,
});

/** With `isText`, the database guarantees valid UTF-8, so bytes need no check. */
function definitionOf(relation: Relation, config: SourceConfig, isText: boolean): Definition {
  const schema: RecordSchema = {
    type: 'object',
    properties: Object.fromEntries(
      relation.columns.map((column) => [column.name, fieldSchemaOf(column, config.floats)]),
    ),
    required: relation.columns.filter((column) => !column.nullable).map((column) => column.name),
    additionalProperties: false,
  };
  const encoded: Definition['readEncoded'] = {
    formats: ['csv', 'pgcopy'],
    exactWindow: true,
    open: (ctx) => readEncoded(relation, ctx),
  };
  return {
    schema,
    position: positionSchema,
    primaryKey: relation.primaryKey,
    ...(relation.cursor === undefined ? {} : { cursor: relation.cursor }),
    pushdown: ['columns', 'where'],
    partitions: (ctx) => partitionsOf(relation, ctx),
    checkPartitions: (partitions) => checkPartitions(relation, partitions),
    ...(isText
      ? { readEncoded: encoded }
      : { read: (ctx: ReadContext<SourceConfig, Position>) => readChecked(relation, schema, ctx) }),
  };
}
