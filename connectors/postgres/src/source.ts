import { defineSource, type RecordSchema, type Stream } from '@aries-data/sdk';
import { type SourceConfig, sourceConfig } from './config.ts';
import { connect } from './connect.ts';
import { checkSchema, discoverQueries, discoverRelations, type Relation } from './discovery.ts';
import { readEncoded } from './read-encoded.ts';
import { fieldSchemaOf } from './types.ts';

/** Reads tables, views and queries of a PostgreSQL database with COPY. */
export const source = defineSource({
  config: sourceConfig,

  async check({ config, signal }) {
    const session = await connect(config, { signal });
    try {
      await checkSchema(session, config.schema);
    } finally {
      await session.end();
    }
  },

  async streams({ config, signal, stream }) {
    const session = await connect(config, { signal });
    try {
      const relations = [...(await discoverRelations(session, config)), ...(await discoverQueries(session, config))];
      // From entries, so that a table may be called __proto__.
      return Object.fromEntries(relations.map((relation) => [relation.name, stream(definitionOf(relation, config))]));
    } finally {
      await session.end();
    }
  },
});

function definitionOf(relation: Relation, config: SourceConfig) {
  const schema: RecordSchema = {
    type: 'object',
    properties: Object.fromEntries(
      relation.columns.map((column) => [column.name, fieldSchemaOf(column, config.floats)]),
    ),
    required: relation.columns.filter((column) => !column.nullable).map((column) => column.name),
    additionalProperties: false,
  };
  return {
    schema,
    primaryKey: relation.primaryKey,
    ...(relation.cursor === undefined ? {} : { cursor: relation.cursor }),
    pushdown: ['columns', 'where'],
    readEncoded: {
      formats: ['csv', 'pgcopy'],
      exactWindow: true,
      open: (ctx) => readEncoded(relation, ctx),
    },
  } satisfies Stream & { readEncoded: { open(ctx: Parameters<typeof readEncoded>[1]): unknown } };
}
