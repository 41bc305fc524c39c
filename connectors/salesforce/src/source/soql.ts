import { AriesError, type ReadContext } from '@aries-data/sdk';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { namesDeleted } from './deleted-records.ts';
import { fieldsRead, type SalesforceObject } from './describe.ts';

/** A Salesforce ID: 15 characters, or 18 with a checksum. */
export const idSchema = z.string().regex(/^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$/, 'expected a Salesforce ID');

/** The last record that an interrupted read returned. */
export const lastSchema = z.object({ id: idSchema, modified: z.iso.datetime({ offset: true }).nullable() });
type Last = z.output<typeof lastSchema>;

/** Builds the SOQL queries for one read of an object. */
export function queryOf(object: SalesforceObject, ctx: ReadContext<Config>) {
  const { window, cursor, columns, primaryKey, where } = ctx;
  const asked =
    columns === undefined
      ? undefined
      : new Set([
          ...columns,
          ...primaryKey,
          ...(cursor === undefined ? [] : [cursor]),
          'Id',
          ...(namesDeleted(object, ctx) ? ['IsDeleted'] : []),
        ]);
  const fields = fieldsRead(object).filter(({ name }) => asked === undefined || asked.has(name));
  // `until` is moved a millisecond later, Salesforce's smallest unit; the engine drops what is outside.
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
    /** Builds a query with a stable order, so that a read can resume after its last record. */
    after(last: Last | undefined) {
      const position = last === undefined ? [] : [isAfter(last, ordered.length > 1)];
      return `${soql(fields.map(({ name }) => name).join(','), position)} ORDER BY ${ordered.join(', ')}`;
    },
  };
}

function isAfter({ id, modified }: Last, isTimed: boolean): string {
  if (!isTimed || modified === null) return `Id > '${id}'`;
  const time = new Date(modified).toISOString();
  return `(SystemModstamp > ${time} OR (SystemModstamp = ${time} AND Id > '${id}'))`;
}

/**
 * Writes a cursor value as a SOQL literal: dates, times and numbers bare, text quoted. The value may come from a state file, so
 * only the part that matches the field's type gets into the query.
 */
function literal({ fields }: SalesforceObject, cursor: string | undefined, value: string, later: number): string {
  const type = fields.find(({ name }) => name === cursor)?.type;
  const bare = (pattern: RegExp) => {
    const [found] = pattern.exec(value) ?? [];
    if (found !== undefined) return found;
    throw new AriesError(
      'DATA_INVALID',
      `Salesforce: ${JSON.stringify(value.slice(0, 100))} is not a ${type}, which "${cursor}" needs`,
      {
        hint: 'Correct the interval, or clear the state with aries state reset.',
      },
    );
  };
  if (type === 'datetime')
    return new Date(Date.parse(bare(/^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?$/)) + later).toISOString();
  if (type === 'date') return bare(/^\d{4}-\d\d-\d\d/);
  if (type === 'int' || type === 'long' || type === 'double' || type === 'currency' || type === 'percent')
    return bare(/^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/);
  return `'${value.replace(/[\\']/g, '\\$&')}'`;
}
