import { AriesError, type Field, type FieldSchema, fieldsOf, type RecordSchema, schemaOfFields } from '@aries-data/sdk';
import { fieldMap, findField, knownSchema } from './fields.ts';

export interface FlattenConfig {
  separator: string;
  depth?: number | undefined;
  fields?: string[] | undefined;
}

/** True if a field is an object that becomes columns; `level` is 1 for the fields of the record. */
export function isFlattened(config: FlattenConfig, field: Pick<Field, 'name' | 'kind'>, level: number): boolean {
  if (field.kind !== 'object' || level > (config.depth ?? Number.POSITIVE_INFINITY)) return false;
  return level > 1 || config.fields === undefined || config.fields.includes(field.name);
}

/** Lists the fields of an object that is flattened. */
export function fieldsWithin({ properties = {}, required }: Declared): Field[] {
  return fieldsOf({ type: 'object', properties, required: (required as string[] | undefined) ?? [] });
}

/** The schema of an object, either a record or a field. */
export interface Declared {
  properties?: Record<string, FieldSchema>;
  required?: unknown;
}

/**
 * Builds the schema of the flattened records. It is open if an object declares no fields, so that only the records show its columns.
 * Throws `CONFIG_INVALID` if two names clash.
 */
export function flattenSchema(config: FlattenConfig, input: RecordSchema): RecordSchema {
  const fields = fieldMap(input);
  const names = knownSchema(input) === undefined ? [] : (config.fields ?? []);
  for (const name of names) checkObject(findField(input, fields, name, 'fields'));
  const columns = new Map<string, { path: string; field: Field }>();
  let isKnown = true;
  for (const { path, field, isColumn } of walk(config, [...fields.values()], [])) {
    const shown = path.join('.');
    const twin = columns.get(field.name);
    if (twin !== undefined) throw clash(twin.path, shown, field.name);
    isKnown &&= isColumn;
    if (isColumn) columns.set(field.name, { path: shown, field });
  }
  const open = input.additionalProperties === true || [...fields.values()].some((field) => isOpen(config, field, 1));
  const out = [...columns.values()].map(({ field }) => field);
  return schemaOfFields(out, open || !isKnown);
}

interface Leaf {
  path: string[];
  /** The field, with the name of its column. */
  field: Field;
  /** True if it becomes one column. An object without declared fields becomes any number of them. */
  isColumn: boolean;
}

function* walk(config: FlattenConfig, fields: readonly Field[], above: readonly Field[]): Generator<Leaf> {
  for (const field of fields) {
    const isObject = isFlattened(config, field, above.length + 1);
    if (isObject && field.schema.properties !== undefined) {
      yield* walk(config, fieldsWithin(field.schema), [...above, field]);
      continue;
    }
    const path = [...above, field].map(({ name }) => name);
    const nullable = field.nullable || above.some((parent) => parent.nullable);
    // An inferred field is json if its objects contain numbers that a double cannot hold; they are flattened all the same.
    const isHidden = field.kind === 'json' && isFlattened(config, { name: field.name, kind: 'object' }, path.length);
    const column = { ...field, name: path.join(config.separator), nullable };
    yield { path, field: column, isColumn: !isObject && !isHidden };
  }
}

/** True if a flattened object may contain undeclared fields, as `z.looseObject` allows. */
function isOpen(config: FlattenConfig, field: Field, level: number): boolean {
  if (!isFlattened(config, field, level)) return false;
  const { additionalProperties: more } = field.schema;
  if (more === true || (typeof more === 'object' && more !== null)) return true;
  return fieldsWithin(field.schema).some((inner) => isOpen(config, inner, level + 1));
}

function checkObject({ name, kind }: Field): void {
  if (kind === 'object' || kind === 'json' || kind === 'any') return;
  throw new AriesError('CONFIG_INVALID', `fields names ${JSON.stringify(name)}, which is ${kind}, not an object`, {
    hint: 'Remove it from the list.',
  });
}

function clash(a: string, b: string, column: string): AriesError {
  return new AriesError(
    'CONFIG_INVALID',
    `${JSON.stringify(a)} and ${JSON.stringify(b)} would both be the column ${JSON.stringify(column)}`,
    {
      hint: 'Choose another separator, or rename one of them with select.',
    },
  );
}
