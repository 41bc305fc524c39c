import { type FieldSchema, fieldSchema, type Http, type RecordSchema } from '@aries-data/sdk';
import type { Config } from '../config.ts';

/** A field as `describe` returns it, without the parts that are not used here. */
export interface SalesforceField {
  name: string;
  type: string;
}

/** An object that can be read. */
export interface SalesforceObject {
  name: string;
  fields: SalesforceField[];
}

/** Describes the configured objects, or else every object that can be queried and has a modification time. */
export async function describeObjects({ config, http }: { config: Config; http: Http }): Promise<SalesforceObject[]> {
  const names = config.objects ?? (await queryable(http));
  const described: SalesforceObject[] = [];
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const some = names.slice(at, at + AT_ONCE).map((name) => http.json<SalesforceObject>(`/sobjects/${name}/describe`));
    described.push(...(await Promise.all(some)).map(({ body }) => body));
  }
  return described;
}

/** Salesforce allows an org 25 long requests at once; this leaves most of them to others. */
const AT_ONCE = 5;

async function queryable(http: Http): Promise<string[]> {
  const { body } = await http.json<{ sobjects: { name: string; queryable: boolean; replicateable: boolean }[] }>(
    '/sobjects',
  );
  return body.sobjects.filter((one) => one.queryable && one.replicateable).map(({ name }) => name);
}

/**
 * Types that are not read. Compound fields (an address, a location) repeat others, and bulk jobs cannot read them; a query
 * returns only the URL of a base64 field.
 */
const LEFT_OUT = new Set(['address', 'location', 'base64', 'complexvalue', 'junctionidlist', 'json']);

/** Returns the fields of an object that are read. */
export function fieldsRead({ fields }: SalesforceObject): SalesforceField[] {
  return fields.filter(({ type }) => !LEFT_OUT.has(type.toLowerCase()));
}

/** Builds the schema of an object's records. */
export function schemaOf(object: SalesforceObject): RecordSchema {
  const fields = fieldsRead(object);
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.name, schemaOfField(field)])),
    required: fields.map(({ name }) => name).filter((name) => ALWAYS.has(name)),
  };
}

const ALWAYS = new Set(['Id', 'SystemModstamp']);

/** Maps a field's type: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/field_types.htm */
function schemaOfField({ name, type }: SalesforceField): FieldSchema {
  const nullable = !ALWAYS.has(name);
  switch (type) {
    case 'boolean':
    case 'date':
    case 'time':
      return fieldSchema(type, { nullable });
    case 'datetime':
      return fieldSchema('date-time', { nullable });
    case 'int':
      return fieldSchema('integer', { nullable });
    case 'long':
      return fieldSchema('int64', { nullable });
    case 'double':
    case 'currency':
    case 'percent':
      // A field's scale applies to forms only: values set through an API or by a formula may have more digits.
      return fieldSchema('decimal', { nullable });
    default:
      return fieldSchema('string', { nullable });
  }
}
