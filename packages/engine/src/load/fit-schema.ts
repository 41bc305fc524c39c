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

/** How the fields of a stream go into their target. */
export interface FittedSchema {
  /** With the fields that will be loaded. */
  target: LoadTarget;
  found: TargetState;
  drift: Drift;
  /** New fields that stay out. */
  leftOut: readonly Field[];
  /** What the ledger is told, for the next dataset to be compared with. */
  fieldTypes: FieldTypes | undefined;
  /** Why `freeze` or `discard` refuses it. */
  refusals: string[];
}

/** What a stream's fields are compared with, and by which policy. */
export interface FitSchemaOptions {
  policy: SchemaChange;
  /** Fields of the dataset that was loaded before. */
  known: FieldTypes | undefined;
  inferred: boolean;
  /** No record came, and so nobody knows the fields. */
  unknown: boolean;
}

/** What is to be done where fields differ: as the command says, else the pipeline file, else the dataset. */
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
  // A column that somebody took out of the target as well is missed by nobody.
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

/** Throws `SCHEMA_FROZEN` with all that the policy does not allow. */
export function refuseSchema(name: string, refusals: readonly string[]): void {
  if (refusals.length === 0) return;
  throw new AriesError('SCHEMA_FROZEN', `${name}: ${refusals.join('; ')}`, {
    stream: name,
    hint: 'Change the target by hand, or accept what is new: load once with --schema-change evolve.',
  });
}

/** Fields as a sentence names them, the first twenty. */
export function namesOf(fields: readonly FieldOfType[]): string {
  const named = fields.slice(0, MOST_NAMES).map(({ field, type }) => `"${field}" (${type})`);
  return fields.length > MOST_NAMES ? `${named.join(', ')} and ${fields.length - MOST_NAMES} more` : named.join(', ');
}

/** A field with its type. */
export function fieldOfType({ name, schema }: Field): FieldOfType {
  return { field: name, type: typeText(schema) };
}

const MOST_NAMES = 20;

function neededFor(field: string, { primaryKey, cursor }: Pick<LoadTarget, 'primaryKey' | 'cursor'>): string[] {
  if (primaryKey.includes(field)) return [`"${field}" of the primary key is new, and new fields are left out`];
  return field === cursor ? [`the cursor "${field}" is new, and new fields are left out`] : [];
}

function refused(policy: SchemaChange, { changes, has }: TargetState, drift: Drift): string[] {
  const refusals: string[] = [];
  if (changes.length > 0) refusals.push(`the target would have to change: ${changes.join('; ')}`);
  // Files take whatever comes: there the fields of before are what must stay.
  if (has === undefined && changes.length === 0) {
    if (policy === 'freeze' && drift.appeared.length > 0) refusals.push(`new fields: ${namesOf(drift.appeared)}`);
    refusals.push(...drift.changed.map(({ field, from, to }) => `"${field}" was ${from}, it is ${to} now`));
  }
  if (policy === 'freeze' && drift.vanished.length > 0)
    refusals.push(`fields that were loaded before are gone: ${namesOf(drift.vanished)}`);
  return refusals;
}
