import { type FieldSchema, fieldSchema } from '@aries-data/sdk';
import {
  type DuckDBArrayType,
  type DuckDBDecimalType,
  type DuckDBListType,
  type DuckDBMapType,
  type DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBUnionType,
} from '@duckdb/node-api';
import { quote } from './names.ts';

/** A nested type: its nullable schema, and the type that it is cast to before DuckDB writes it as JSON. */
export interface Nested {
  schema: FieldSchema;
  castTo: string;
}

/**
 * Decides how to write a list, struct, map or union as JSON without loss: leaves that JSON cannot hold exactly are cast to text.
 * Undefined if that is impossible, as for a struct without names.
 */
export function nestedColumn(type: DuckDBType): Nested | undefined {
  switch (type.typeId) {
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.ARRAY: {
      const items = nestedColumn((type as DuckDBListType | DuckDBArrayType).valueType);
      if (items === undefined) return undefined;
      return { schema: { ...nullable('array'), items: items.schema }, castTo: `${items.castTo}[]` };
    }
    case DuckDBTypeId.STRUCT: {
      const { entryNames, entryTypes } = type as DuckDBStructType;
      return members('STRUCT', entryNames, entryTypes);
    }
    case DuckDBTypeId.UNION: {
      // A union has one of its members, under the member's name.
      const { memberTags, memberTypes } = type as DuckDBUnionType;
      return members('UNION', memberTags, memberTypes);
    }
    case DuckDBTypeId.MAP: {
      const values = nestedColumn((type as DuckDBMapType).valueType);
      if (values === undefined) return undefined;
      return {
        schema: { ...nullable('object'), additionalProperties: values.schema },
        castTo: `MAP(VARCHAR, ${values.castTo})`,
      };
    }
    default:
      return leaf(type);
  }
}

function members(what: 'STRUCT' | 'UNION', names: readonly string[], types: readonly DuckDBType[]): Nested | undefined {
  const columns = types.map(nestedColumn);
  if (names.includes('') || !columns.every((column) => column !== undefined)) return undefined;
  return {
    // Object.fromEntries keeps a member called __proto__.
    schema: {
      ...nullable('object'),
      properties: Object.fromEntries(names.map((name, index) => [name, columns[index]!.schema])),
    },
    castTo: `${what}(${names.map((name, index) => `${quote(name)} ${columns[index]!.castTo}`).join(', ')})`,
  };
}

function leaf(type: DuckDBType): Nested {
  const text = (
    kind: Parameters<typeof fieldSchema>[0],
    more: { precision?: number; scale?: number } = {},
  ): Nested => ({
    schema: fieldSchema(kind, { ...more, nullable: true }),
    castTo: 'VARCHAR',
  });
  switch (type.typeId) {
    case DuckDBTypeId.BOOLEAN:
      return { schema: nullable('boolean'), castTo: 'BOOLEAN' };
    case DuckDBTypeId.TINYINT:
    case DuckDBTypeId.SMALLINT:
    case DuckDBTypeId.INTEGER:
    case DuckDBTypeId.UTINYINT:
    case DuckDBTypeId.USMALLINT:
    case DuckDBTypeId.UINTEGER:
      return { schema: nullable('integer'), castTo: 'BIGINT' };
    case DuckDBTypeId.FLOAT:
    case DuckDBTypeId.DOUBLE:
      return { schema: nullable('number'), castTo: 'DOUBLE' };
    case DuckDBTypeId.BIGINT:
      return text('int64');
    case DuckDBTypeId.UBIGINT:
    case DuckDBTypeId.HUGEINT:
    case DuckDBTypeId.UHUGEINT:
    case DuckDBTypeId.BIGNUM:
      return text('decimal');
    case DuckDBTypeId.DECIMAL: {
      const { width, scale } = type as DuckDBDecimalType;
      return text('decimal', { precision: width, scale });
    }
    case DuckDBTypeId.UUID:
      return text('uuid');
    case DuckDBTypeId.TIME:
      return text('time');
    case DuckDBTypeId.VARCHAR:
      return text(type.alias === 'JSON' ? 'json' : 'string');
    default:
      return text('string');
  }
}

function nullable(type: string): FieldSchema {
  return { type: [type, 'null'] };
}
