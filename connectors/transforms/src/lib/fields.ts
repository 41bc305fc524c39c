import {
  AriesError,
  type Field,
  type FieldSchema,
  fieldsOf,
  type Json,
  type JsonRecord,
  nearest,
  type RecordSchema,
} from '@aries-data/sdk';

/** Makes a function that reads one field, as fast as `record.name` in source code; undefined if the record lacks it. */
export function fieldGetter(name: string): (record: JsonRecord) => Json | undefined {
  return new Function('record', `return ${readField('record', name)};`) as (record: JsonRecord) => Json | undefined;
}

/** Writes source code that reads a field. A name that every object inherits (`constructor`) counts only if the record has its own. */
export function readField(record: string, name: string): string {
  const text = JSON.stringify(name);
  return name in Object.prototype
    ? `(Object.hasOwn(${record}, ${text}) ? ${record}[${text}] : undefined)`
    : `${record}[${text}]`;
}

/** Sets a field of any name, including `__proto__`, which a plain assignment would not set. */
export function setField(record: JsonRecord, name: string, value: Json): void {
  if (name === '__proto__')
    Object.defineProperty(record, name, { value, enumerable: true, writable: true, configurable: true });
  else record[name] = value;
}

/** Returns the input's schema; undefined for an inferred stream without records, which has no fields to check against. */
export function knownSchema(input: RecordSchema | undefined): RecordSchema | undefined {
  const isEmpty = input === undefined || Object.keys(input.properties).length === 0;
  return isEmpty && input?.additionalProperties !== true ? undefined : input;
}

/** Finds a field that an option names. Throws `CONFIG_INVALID` if it does not exist, unless the schema is open. */
export function findField(
  input: RecordSchema,
  fields: ReadonlyMap<string, Field>,
  name: string,
  option: string,
): Field {
  const field = fields.get(name);
  if (field !== undefined) return field;
  if (input.additionalProperties === true) return { name, kind: 'any', nullable: true, schema: {} };
  const names = [...fields.keys()];
  const [near] = nearest(name, names);
  throw new AriesError(
    'CONFIG_INVALID',
    `${option} names the field ${JSON.stringify(name)}, which the input does not have`,
    {
      hint:
        near === undefined
          ? `Its fields are ${names.map((known) => JSON.stringify(known)).join(', ')}.`
          : `Did you mean ${JSON.stringify(near)}?`,
    },
  );
}

export function fieldMap(input: RecordSchema): Map<string, Field> {
  return new Map(fieldsOf(input).map((field) => [field.name, field]));
}

/** Returns the same field without null. */
export function withoutNull(field: Field): Field {
  const types = Array.isArray(field.schema.type) ? field.schema.type.filter((type) => type !== 'null') : undefined;
  const schema: FieldSchema =
    types === undefined ? field.schema : { ...field.schema, type: types.length === 1 ? types[0]! : types };
  return { ...field, schema, nullable: false };
}
