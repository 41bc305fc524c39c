import { createInference, type Inference, withNull } from '@aries-data/formats/internal';
import { kindOf, type RecordSchema } from '@aries-data/sdk';
import { type InferenceOptions, isRejected, type StreamKeys } from '@aries-data/sdk/internal';
import { isDeletions } from '../step/deletions.ts';
import { addToMark, isMark, type StageItem } from '../step/mark.ts';
import { separateDeletions } from '../step/separate-deletions.ts';
import type { FusedTransform, StageInput } from './fuse.ts';

/** Chain of a stream's transforms, which follows the records, their schema and their keys. */
export interface SchemaChain {
  /** Schema of the output, if it is known before the first record; otherwise `null`. */
  readonly known: RecordSchema | null;
  /** Runs records through all transforms. Schemas that are not known are inferred on the way. */
  run(items: AsyncIterable<StageItem>): AsyncIterable<StageItem>;
  /** Returns the schema of the output. */
  schema(): RecordSchema;
  /** Returns the primary key, whole or empty, and the cursor of the output. */
  keys(): StreamKeys;
  /** Columns of the source whose numbers lose their spelling: see `Inference.respelled`. */
  respelled(): string[];
  /** True if values are staged as they came, so that readers fit them to the schema. */
  readonly inferred: boolean;
  /** Restores what an earlier attempt had inferred, from the last of its marks. */
  restore(schemas: readonly RecordSchema[]): void;
}

export interface ChainInput extends StreamKeys {
  stream: string;
  /** True if the records are changes. */
  changes?: boolean | undefined;
  /** `null` if it must be inferred. */
  schema: RecordSchema | null;
  /** Options of the source for inference. */
  inference?: InferenceOptions | undefined;
}

/** Creates the chain of a stream, from its source or a dataset through transforms. */
export function createSchemaChain(source: ChainInput, transforms: readonly FusedTransform[]): SchemaChain {
  const { stream, changes } = source;
  const inferences: Inference[] = [];
  // An open or missing schema is completed by inference.
  const observer = (schema: RecordSchema | null): Inference | null => {
    if (isClosed(schema)) return null;
    const inference = createInference(source.inference);
    inferences.push(inference);
    return inference;
  };
  const first = observer(source.schema);
  let known = isClosed(source.schema) ? source.schema : null;
  let keys: StreamKeys = { primaryKey: source.primaryKey, cursor: source.cursor };
  const stages = transforms.map((transform) => {
    const at: StageInput = { stream, changes, ...keys, input: known ?? undefined };
    const after = transform.schemaAfter(known, at);
    keys = transform.keysAfter(at);
    known = isClosed(after) ? after : null;
    return { transform, at, observed: observer(after) };
  });

  function schema(): RecordSchema {
    let schema = complete(source.schema, first, null);
    for (const { transform, at, observed } of stages) {
      schema = complete(transform.schemaAfter(schema, at), observed, schema);
    }
    return schema;
  }

  return {
    known,
    inferred: known === null,
    async *run(items) {
      const looks = first !== null || stages.length > 0;
      const separate = looks && changes === true ? separateDeletions(items) : items;
      let records = first === null ? separate : observe(separate, first);
      for (const { transform, at, observed } of stages) {
        const out = transform.apply(records, at);
        records = observed === null ? out : observe(out, observed);
      }
      yield* records;
    },
    schema,
    keys() {
      const { properties } = schema();
      // Without output, no field is known to be missing.
      const nothing = Object.keys(properties).length === 0;
      const has = (field: string) => nothing || Object.hasOwn(properties, field);
      return {
        primaryKey: keys.primaryKey.every(has) ? keys.primaryKey : [],
        cursor: keys.cursor !== undefined && has(keys.cursor) ? keys.cursor : undefined,
      };
    },
    respelled: () => first?.respelled() ?? [],
    restore(schemas) {
      for (const [index, seen] of schemas.entries()) inferences[index]?.merge(seen);
    },
  };
}

function isClosed(schema: RecordSchema | null): schema is RecordSchema {
  return schema !== null && schema.additionalProperties !== true;
}

/** Adds observed fields to the declared ones, which stay as they are. Added fields that were text in `before` stay text. */
function complete(
  declared: RecordSchema | null,
  observed: Inference | null,
  before: RecordSchema | null,
): RecordSchema {
  if (observed === null) return declared!;
  const seen = before === null ? observed.schema() : withTextsOf(before, observed.schema());
  if (declared === null) return seen;
  const extra = Object.entries(seen.properties).filter(([name]) => !Object.hasOwn(declared.properties, name));
  return {
    ...declared,
    properties: Object.fromEntries([...Object.entries(declared.properties), ...extra]),
    required: [
      ...(declared.required ?? []),
      ...(seen.required ?? []).filter((name) => !Object.hasOwn(declared.properties, name)),
    ],
    additionalProperties: false,
  };
}

/** Keeps fields text that were text in `before`, even if all their values look like dates. */
function withTextsOf(before: RecordSchema, seen: RecordSchema): RecordSchema {
  const properties = Object.entries(seen.properties).map(([name, field]) => {
    const wasText = Object.hasOwn(before.properties, name) && kindOf(before.properties[name]!) === 'string';
    const isDated = wasText && (kindOf(field) === 'date' || kindOf(field) === 'date-time');
    return [name, isDated ? withNull({ type: 'string' }, [field.type].flat().includes('null')) : field];
  });
  return { ...seen, properties: Object.fromEntries(properties) };
}

async function* observe(items: AsyncIterable<StageItem>, inference: Inference): AsyncGenerator<StageItem> {
  for await (const item of items) {
    if (isMark(item)) {
      yield addToMark(item, { inferred: inference.schema() });
      continue;
    }
    if (!isRejected(item) && !isDeletions(item)) inference.observe(item);
    yield item;
  }
}
