import { AriesError, type Field, type FieldKind, fieldSchema, type Json, type RecordSchema } from '@aries-data/sdk';
import { CASTS, type CastType, isCastType, whyNot } from './cast.ts';
import { fieldMap, findField, knownSchema, withoutNull } from './fields.ts';
import { show } from './show.ts';

export interface SelectConfig {
  keep?: string[] | undefined;
  drop?: string[] | undefined;
  rename?: Record<string, string> | undefined;
  cast?: Record<string, CastType> | undefined;
  default?: Record<string, Json> | undefined;
  trim?: true | string[] | undefined;
}

/** How one field is changed. */
export interface Column {
  /** The input field; undefined while the input is still being inferred. */
  field: Field | undefined;
  name: string;
  /** The name in the output. */
  as: string;
  trim: boolean;
  cast: CastType | undefined;
  /** The value for null or missing, already cast. */
  fallback: Json | undefined;
}

export interface SelectPlan {
  columns: Column[];
  drop: ReadonlySet<string>;
  /** True if fields without a column pass through. */
  open: boolean;
  trimAll: boolean;
}

/** Resolves the config against the input. Throws `CONFIG_INVALID` if a field does not exist, or two would have the same name. */
export function planSelect(config: SelectConfig, schema: RecordSchema | undefined): SelectPlan {
  const input = knownSchema(schema);
  const named = new Map<string, Field | undefined>();
  const known = input === undefined ? undefined : fieldMap(input);
  if (config.keep === undefined) for (const [name, field] of known ?? []) named.set(name, field);
  for (const [option, name] of mentions(config)) {
    named.set(name, input === undefined || known === undefined ? undefined : findField(input, known, name, option));
  }
  const drop = new Set(config.drop);
  const columns = [...named]
    .filter(([name]) => !drop.has(name))
    .map(([name, field]) => planColumn(config, name, field));
  const open = config.keep === undefined && (input === undefined || input.additionalProperties === true);
  if (columns.length === 0 && !open)
    throw new AriesError('CONFIG_INVALID', 'drop leaves no field', { hint: 'Keep at least one.' });
  refuseTwins(columns);
  return { columns, drop, open, trimAll: config.trim === true };
}

/** Returns the output field. */
export function columnField({ field, as, cast, fallback }: Column): Field {
  const from = field ?? { name: as, kind: 'any', nullable: true, schema: {} };
  const nullable = from.nullable && fallback === undefined;
  const same = cast === undefined || (cast === from.kind && from.schema.zone !== 'none');
  const schema = same ? from.schema : fieldSchema(cast, { nullable });
  const { description } = from.schema;
  const out: Field = {
    name: as,
    kind: same ? from.kind : cast,
    nullable,
    schema: same || description === undefined ? schema : { ...schema, description },
  };
  return nullable ? out : withoutNull(out);
}

function* mentions(config: SelectConfig): Generator<[option: string, name: string]> {
  for (const option of ['keep', 'drop', 'trim'] as const) {
    const names = config[option];
    if (Array.isArray(names)) for (const name of names) yield [option, name];
  }
  for (const option of ['rename', 'cast', 'default'] as const) {
    for (const name of Object.keys(config[option] ?? {})) yield [option, name];
  }
}

function planColumn(config: SelectConfig, name: string, field: Field | undefined): Column {
  const cast = own(config.cast, name);
  const isText = field === undefined || field.kind === 'string' || field.kind === 'any';
  if (Array.isArray(config.trim) && config.trim.includes(name) && !isText) {
    throw new AriesError('CONFIG_INVALID', `trim names ${JSON.stringify(name)}, which is ${field?.kind}, not text`, {
      hint: 'Remove it from the list.',
    });
  }
  const trim = isText && (config.trim === true || (Array.isArray(config.trim) && config.trim.includes(name)));
  return {
    field,
    name,
    as: own(config.rename, name) ?? name,
    trim,
    cast,
    fallback: planFallback(config, name, cast ?? field?.kind),
  };
}

/** Returns the default in the form that records use: 0 is "0" in a decimal field. */
function planFallback(config: SelectConfig, name: string, kind: FieldKind | undefined): Json | undefined {
  const value = own(config.default, name);
  if (value === undefined || kind === undefined || kind === 'any') return value;
  if (!isCastType(kind)) {
    if (typeof value === 'string' && kind !== 'object' && kind !== 'array') return value;
    throw new AriesError('CONFIG_INVALID', `default: ${show(name, value)} does not fit a field of type ${kind}`, {
      hint: 'Cast the field, or remove its default.',
    });
  }
  const fallback = CASTS[kind].cast(value);
  if (fallback !== undefined) return fallback;
  throw new AriesError('CONFIG_INVALID', `default: ${whyNot(kind, name, value)}`, {
    hint: `Give a value of type ${kind}.`,
  });
}

function refuseTwins(columns: readonly Column[]): void {
  const names = new Map<string, string>();
  for (const { name, as } of columns) {
    const other = names.get(as);
    if (other !== undefined) throw twins(other, name, as);
    names.set(as, name);
  }
}

/** Makes the error for two fields that would have the same name. */
export function twins(a: string, b: string, as: string): AriesError {
  return new AriesError(
    'CONFIG_INVALID',
    `the fields ${JSON.stringify(a)} and ${JSON.stringify(b)} would both be named ${JSON.stringify(as)}`,
    {
      hint: 'Rename or drop one of them.',
    },
  );
}

function own<T>(map: Record<string, T> | undefined, name: string): T | undefined {
  return map !== undefined && Object.hasOwn(map, name) ? map[name] : undefined;
}
