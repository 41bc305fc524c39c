import { isRawNumber } from '@aries-data/formats';
import { AriesError, type Json, type JsonRecord, type RecordSchema } from '@aries-data/sdk';
import type { Change } from './batches.ts';
import { setField } from './fields.ts';
import { type Declared, type FlattenConfig, fieldsWithin, isFlattened } from './flatten-schema.ts';
import { show } from './show.ts';

/** A name at one place in the records, and how its values are flattened. */
interface Branch {
  path: string;
  /** The column for values that are not flattened. */
  column: string;
  /** The fields of its objects; undefined if they are not flattened. */
  inner: Level | undefined;
  /** Objects were declared or seen here. */
  hasObjects: boolean;
  /** Other values were seen here, so they have a column. */
  hasValues: boolean;
}

interface Level {
  prefix: string;
  path: string;
  depth: number;
  branches: Map<string, Branch>;
}

const MAX_NAMES = 10_000;

/**
 * Makes a function that flattens one record. The schema says which fields are objects; if it does not, the values do, and the
 * tree of names grows as they appear.
 */
export function compileFlatten(config: FlattenConfig, input: RecordSchema | undefined): Change {
  const owners = new Map<string, Branch>();
  const root: Level = { prefix: '', path: '', depth: 1, branches: new Map() };
  if (input !== undefined) declare(config, input, root);
  let names = 0;

  const branchOf = (level: Level, name: string): Branch => {
    const known = level.branches.get(name);
    if (known !== undefined) return known;
    if (++names > MAX_NAMES) throw tooMany(level.path + name);
    const branch = newBranch(config, level, name, isFlattened(config, { name, kind: 'object' }, level.depth));
    level.branches.set(name, branch);
    return branch;
  };

  /** Copies the fields of one object; returns the reason for a rejection if two of them need the same column. */
  const copy = (from: JsonRecord, level: Level, out: JsonRecord): string | undefined => {
    for (const name of Object.keys(from)) {
      const value = from[name]!;
      const branch = branchOf(level, name);
      if (branch.inner !== undefined && isObject(value)) {
        if (branch.hasValues) throw mixed(branch.path, value);
        branch.hasObjects = true;
        const reason = copy(value, branch.inner, out);
        if (reason !== undefined) return reason;
      } else if (value !== null || !branch.hasObjects) {
        if (branch.hasObjects) throw mixed(branch.path, value);
        const owner = owners.get(branch.column);
        if (owner === undefined) owners.set(branch.column, branch);
        else if (owner !== branch) return twins(owner, branch);
        // Null may stand for an object or for a value.
        if (value !== null) branch.hasValues = true;
        setField(out, branch.column, value);
      }
    }
    return undefined;
  };

  return (record) => {
    const out: JsonRecord = {};
    return copy(record, root, out) ?? out;
  };
}

function declare(config: FlattenConfig, schema: Declared, level: Level): void {
  for (const field of fieldsWithin(schema)) {
    const branch = newBranch(config, level, field.name, isFlattened(config, field, level.depth));
    level.branches.set(field.name, branch);
    if (branch.inner === undefined) continue;
    branch.hasObjects = true;
    declare(config, field.schema, branch.inner);
  }
}

function newBranch(config: FlattenConfig, level: Level, name: string, flattened: boolean): Branch {
  const column = level.prefix + name;
  const path = level.path + name;
  const inner: Level = {
    prefix: column + config.separator,
    path: `${path}.`,
    depth: level.depth + 1,
    branches: new Map(),
  };
  return { path, column, inner: flattened ? inner : undefined, hasObjects: false, hasValues: false };
}

function isObject(value: Json): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value);
}

function twins(a: Branch, b: Branch): string {
  return `${JSON.stringify(a.path)} and ${JSON.stringify(b.path)} would both be the column ${JSON.stringify(a.column)}`;
}

// An error rather than a rejected record: earlier records, flattened the other way, would lose their columns.
function mixed(path: string, value: Json): AriesError {
  return new AriesError(
    'DATA_INVALID',
    `${show(path, value)} cannot be flattened: it is an object in some records but not in others`,
    { hint: 'Leave it out with `fields`, or cast it to json with select.' },
  );
}

function tooMany(path: string): AriesError {
  return new AriesError(
    'CONFIG_INVALID',
    `flatten found more than ${MAX_NAMES} undeclared names; the last one is ${JSON.stringify(path)}`,
    { hint: 'They look like values: leave them out with `fields` or `depth`, or cast the object to json with select.' },
  );
}
