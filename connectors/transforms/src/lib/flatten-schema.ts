import { AriesError, type Field, type FieldSchema, fieldsOf, type RecordSchema, schemaOfFields } from '@aries-data/sdk';
import { fieldMap, findField, knownSchema } from './fields.ts';

export interface FlattenConfig {
  separator: string;
  depth?: number | undefined;
  fields?: string[] | undefined;
}

/** Whether a field is an object that is to become columns; `level` is 1 for the fields of the record. */
export function isFlattened(config: FlattenConfig, field: Pick<Field, 'name' | 'kind'>, level: number): boolean {
  if (field.kind !== 'object' || level > (config.depth ?? Number.POSITIVE_INFINITY)) return false;
  return level > 1 || config.fields === undefined || config.fields.includes(field.name);
}

/** The fields of an object that is flattened. */
export function fieldsWithin({ properties = {}, required }: Declared): Field[] {
  return fieldsOf({ type: 'object', properties, required: (required as string[] | undefined) ?? [] });
}

/** The schema of an object: of a record, or of a field. */
export interface Declared {
  properties?: Record<string, FieldSchema>;
  required?: unknown;
}

/**
 * The columns that come out; open where an object declares no fields, so that only the records can tell its columns.
 * Names that clash are a `CONFIG_INVALID`.
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
  /** With the name of its column. */
  field: Field;
  /** Whether it is one column: an object without declared fields becomes any number. */
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
    // An inferred field is json where its objects hold numbers that a double does not: they are flattened all the same.
    const isHidden = field.kind === 'json' && isFlattened(config, { name: field.name, kind: 'object' }, path.length);
    const column = { ...field, name: path.join(config.separator), nullable };
    yield { path, field: column, isColumn: !isObject && !isHidden };
  }
}

/** Whether a flattened object may hold fields that are not declared, as `z.looseObject` does. */
function isOpen(config: FlattenConfig, field: Field, level: number): boolean {
  if (!isFlattened(config, field, level)) return false;
  const { additionalProperties: more } = field.schema;
  if (more === true || (typeof more === 'object' && more !== null)) return true;
  return fieldsWithin(field.schema).some((inner) => isOpen(config, inner, level + 1));
}

function checkObject({ name, kind }: Field): void {
  if (kind === 'object' || kind === 'json' || kind === 'any') return;
  throw new AriesError('CONFIG_INVALID', `fields names ${JSON.stringify(name)}, which is ${kind}, not an object`, {
    hint: 'Take it off the list.',
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
