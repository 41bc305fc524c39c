import type { Json, ReadContext } from '@aries-data/sdk';
import type { Config } from './config.ts';
import { fieldsRead, type SalesforceObject } from './describe.ts';

/** The last record of an interrupted read. */
export type Last = { id: Json; modified: Json };

/** The query for what a read asks of an object. */
export function queryOf(object: SalesforceObject, ctx: ReadContext<Config>) {
  const { window, cursor, columns, primaryKey, where } = ctx;
  const asked =
    columns === undefined
      ? undefined
      : new Set([...columns, ...primaryKey, ...(cursor === undefined ? [] : [cursor]), 'Id']);
  const fields = fieldsRead(object).filter(({ name }) => asked === undefined || asked.has(name));
  // `until` a millisecond later, since Salesforce knows no shorter span; the engine drops what lies outside.
  const conditions = [
    where === undefined ? undefined : `(${where})`,
    window.since === undefined ? undefined : `${cursor} >= ${literal(object, cursor, window.since, 0)}`,
    window.until === undefined ? undefined : `${cursor} < ${literal(object, cursor, window.until, 1)}`,
  ];
  const ordered = ['SystemModstamp', 'Id'].filter((name) => fields.some((field) => field.name === name));
  const soql = (select: string, more: string[] = []) => {
    const all = [...conditions, ...more].filter((condition) => condition !== undefined);
    return `SELECT ${select} FROM ${object.name}${all.length === 0 ? '' : ` WHERE ${all.join(' AND ')}`}`;
  };
  return {
    fields,
    count: soql('COUNT()'),
    all: soql(fields.map(({ name }) => name).join(',')),
    /** In an order that stays, so that a read can go on behind its last record. */
    behind(last: Last | undefined) {
      const position = last === undefined ? [] : [behind(last, ordered.length > 1)];
      return `${soql(fields.map(({ name }) => name).join(','), position)} ORDER BY ${ordered.join(', ')}`;
    },
  };
}

function behind({ id, modified }: Last, isTimed: boolean): string {
  if (!isTimed) return `Id > '${id}'`;
  return `(SystemModstamp > ${modified} OR (SystemModstamp = ${modified} AND Id > '${id}'))`;
}

/** A cursor value as SOQL has it: dates and times bare, texts quoted. */
function literal({ fields }: SalesforceObject, cursor: string | undefined, value: string, later: number): string {
  const type = fields.find(({ name }) => name === cursor)?.type;
  if (type === 'datetime') return new Date(Date.parse(value) + later).toISOString();
  if (type === 'date') return value.slice(0, 10);
  if (type === 'int' || type === 'long' || type === 'double' || type === 'currency' || type === 'percent') return value;
  return `'${value.replace(/[\\']/g, '\\$&')}'`;
}
