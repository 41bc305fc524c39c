import { defineSource, type RecordSchema, type StreamDefinition } from '@aries-data/sdk';
import { type SourceConfig, sourceConfig } from '../config.ts';
import { connect, reading } from '../database.ts';
import { columnReader } from './column-reader.ts';
import { checkSchema, discoverQueries, discoverRelations, type Relation } from './discovery.ts';
import { readRelation } from './read.ts';

/** Reads tables, views and queries of a DuckDB database. */
export const source = defineSource({
  config: sourceConfig,

  async check({ config, signal }) {
    const { connection, close } = await connect(config, reading(config, signal));
    await checkSchema(connection, config.schema).finally(close);
  },

  async streams({ config, log, signal, stream }) {
    const { connection, close } = await connect(config, reading(config, signal));
    try {
      const relations = [
        ...(await discoverRelations(connection, { config, log })),
        ...(await discoverQueries(connection, config)),
      ];
      return Object.fromEntries(relations.map((relation) => [relation.name, stream(definitionOf(relation, config))]));
    } finally {
      close();
    }
  },
});

function definitionOf(relation: Relation, { floats }: SourceConfig) {
  const { columns, primaryKey, cursor } = relation;
  const schema: RecordSchema = {
    type: 'object',
    properties: Object.fromEntries(
      columns.map(({ name, type, nullable, comment }) => {
        const field = columnReader(type, nullable, floats).schema;
        return [name, comment === undefined ? field : { ...field, description: comment }];
      }),
    ),
    required: columns.filter(({ nullable }) => !nullable).map(({ name }) => name),
    additionalProperties: false,
  };
  return {
    schema,
    primaryKey,
    ...(cursor === undefined ? {} : { cursor }),
    pushdown: ['columns', 'where'],
    read: (ctx) => readRelation(relation, ctx),
  } satisfies StreamDefinition<SourceConfig, RecordSchema>;
}
