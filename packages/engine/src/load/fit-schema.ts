import {
  AriesError,
  type Field,
  type FieldTypes,
  type LoadSession,
  type LoadTarget,
  type SchemaChange,
  type TargetState,
} from '@aries-data/sdk';
import type { StreamHead } from '../dataset/manifest.ts';
import { type Drift, driftOf, type FieldOfType, neverHeld, typesOf, typeText } from '../rules/drift.ts';
import type { LoadOptions } from '../step/step-options.ts';

/** Fields of a stream, fitted to their target. */
export interface FittedSchema {
  /** Target with the fields that will be loaded. */
  target: LoadTarget;
  found: TargetState;
  drift: Drift;
  /** New fields to leave out. */
  leftOut: readonly Field[];
  /** Fields for the ledger, which the next dataset is compared with. */
  fieldTypes: FieldTypes | undefined;
  /** Reasons why `freeze` or `discard` refuses the load. */
  refusals: string[];
}

/** Options of `fitSchema`. */
export interface FitSchemaOptions {
  policy: SchemaChange;
  /** Fields of the dataset that was loaded before. */
  known: FieldTypes | undefined;
  inferred: boolean;
  /** True if there was no record, so that the fields are not known. */
  unknown: boolean;
}

/** Returns the policy for fields that differ: that of the pipeline's stream, else of the command or the pipeline, else of the dataset. */
export function schemaPolicy(
  name: string,
  stream: Pick<StreamHead, 'schemaChange'>,
  { schemaChange, schemaChanges = {} }: Pick<LoadOptions, 'schemaChange' | 'schemaChanges'>,
): SchemaChange {
  const own = Object.hasOwn(schemaChanges, name) ? schemaChanges[name] : undefined;
  return own ?? schemaChange ?? stream.schemaChange ?? 'evolve';
}

/** Compares the fields of a stream with its target and with what was loaded before. */
export async function fitSchema(
  session: LoadSession,
  wanted: Omit<LoadTarget, 'schemaChange'>,
  { policy, known, inferred, unknown }: FitSchemaOptions,
): Promise<FittedSchema> {
  const all = {
    ...wanted,
    neverHeld: neverHeld(known),
    schemaChange: policy === 'evolve' ? 'evolve' : 'freeze',
  } as const;
  const first = await session.inspect(all);
  const drift = driftOf({ fields: wanted.fields, inferred, known: unknown ? undefined : known });
  const { has } = first;
  // A field whose column was also dropped from the target is not missing.
  if (first.exists && has !== undefined) drift.vanished = drift.vanished.filter(({ field }) => has(field));

  const appeared = new Set(drift.appeared.map(({ field }) => field));
  const isNew = ({ name }: Field) => (has === undefined ? appeared.has(name) : !has(name));
  const leftOut = policy === 'discard' && first.exists ? wanted.fields.filter(isNew) : [];
  const refusals = leftOut.flatMap(({ name }) => neededFor(name, wanted));
  const target = { ...all, fields: wanted.fields.filter((field) => !leftOut.includes(field)) };
  const found = leftOut.length === 0 || refusals.length > 0 ? first : await session.inspect(target);
  if (policy !== 'evolve' && found.exists && refusals.length === 0) refusals.push(...refused(policy, found, drift));
  return {
    target,
    found,
    drift,
    leftOut,
    fieldTypes: unknown ? known : typesOf({ fields: target.fields, inferred, known }),
    refusals,
  };
}

/** Throws `SCHEMA_FROZEN` with all reasons why the policy refuses the load. */
export function refuseSchema(name: string, refusals: readonly string[]): void {
  if (refusals.length === 0) return;
  throw new AriesError('SCHEMA_FROZEN', `${name}: ${refusals.join('; ')}`, {
    stream: name,
    hint: 'Change the target by hand, or accept the changes: load once with --schema-change evolve.',
  });
}

/** Lists fields for a sentence, the first twenty. */
export function namesOf(fields: readonly FieldOfType[]): string {
  const named = fields.slice(0, MOST_NAMES).map(({ field, type }) => `"${field}" (${type})`);
  return fields.length > MOST_NAMES ? `${named.join(', ')} and ${fields.length - MOST_NAMES} more` : named.join(', ');
}

/** Returns the name and the type of a field. */
export function fieldOfType({ name, schema }: Field): FieldOfType {
  return { field: name, type: typeText(schema) };
}

const MOST_NAMES = 20;

function neededFor(field: string, { primaryKey, cursor }: Pick<LoadTarget, 'primaryKey' | 'cursor'>): string[] {
  if (primaryKey.includes(field))
    return [`"${field}" of the primary key is a new field, which discard would leave out`];
  return field === cursor ? [`the cursor "${field}" is a new field, which discard would leave out`] : [];
}

function refused(policy: SchemaChange, { changes, has }: TargetState, drift: Drift): string[] {
  const refusals: string[] = [];
  if (changes.length > 0) refusals.push(`the target would have to change: ${changes.join('; ')}`);
  // Files take any field, so the fields are compared with those loaded before.
  if (has === undefined && changes.length === 0) {
    if (policy === 'freeze' && drift.appeared.length > 0) refusals.push(`new fields: ${namesOf(drift.appeared)}`);
    refusals.push(...drift.changed.map(({ field, from, to }) => `"${field}" was ${from} and is now ${to}`));
  }
  if (policy === 'freeze' && drift.vanished.length > 0)
    refusals.push(`fields that were loaded before are gone: ${namesOf(drift.vanished)}`);
  return refusals;
}
