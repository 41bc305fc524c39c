import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApplyContext, Batch, JsonRecord, Log, RecordSchema, Rejection, Transform } from '@aries-data/sdk';
import { noHttp } from '@aries-data/testing';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

export interface RunOptions {
  config?: unknown;
  input?: RecordSchema;
  primaryKey?: string[];
  cursor?: string;
  /** Called with each output batch; the batches are then not kept. */
  onBatch?(batch: JsonRecord[]): void;
}

export interface RunResult {
  batches: JsonRecord[][];
  records: JsonRecord[];
  rejected: Rejection[];
  dropped: number;
  /** Undefined if not asked, because the input is being inferred; null if the output is to be inferred. */
  schema: RecordSchema | null | undefined;
}

/** Runs a transform with the engine's checks: every record is accounted for, and each batch taken yields one batch. */
export async function run(
  transform: Transform,
  batches: Iterable<Batch> | AsyncIterable<Batch>,
  options: RunOptions = {},
): Promise<RunResult> {
  const rejected: Rejection[] = [];
  let dropped = 0;
  let spill: string | undefined;
  const ctx: ApplyContext<unknown> = {
    config: transform.config!.parse(options.config ?? {}),
    log: silent,
    http: noHttp,
    signal: new AbortController().signal,
    stream: 'things',
    primaryKey: options.primaryKey ?? [],
    cursor: options.cursor,
    input: options.input,
    drop: (count) => {
      dropped += count;
    },
    expand: () => {},
    reject: (rejection) => void rejected.push(rejection),
    spillFolder: async () => {
      spill ??= await mkdtemp(join(tmpdir(), 'aries-transforms-'));
      return spill;
    },
  };
  const taken = { records: 0, batches: 0 };
  async function* counted() {
    for await (const batch of batches) {
      taken.records += batch.length;
      taken.batches++;
      yield batch;
    }
  }
  try {
    const schema = options.input === undefined ? undefined : transform.schema!(options.input, ctx);
    const out: JsonRecord[][] = [];
    const given = { records: 0, batches: 0 };
    for await (const batch of transform.apply!(counted(), ctx)) {
      given.records += batch.length;
      given.batches++;
      if (transform.scope === 'batch' && given.batches !== taken.batches)
        throw new Error('the transform did not yield one batch for each batch taken');
      if (options.onBatch === undefined) out.push(batch);
      else options.onBatch(batch);
    }
    if (taken.records !== given.records + dropped + rejected.length) {
      throw new Error(`${taken.records} in, ${given.records} out, ${dropped} dropped, ${rejected.length} rejected`);
    }
    return { batches: out, records: out.flat(), rejected, dropped, schema };
  } finally {
    if (spill !== undefined) await rm(spill, { recursive: true });
  }
}

/** Builds a record schema with every field required; a name that ends with `?` is nullable. */
export function schemaOf(fields: Record<string, string>): RecordSchema {
  const formats = new Set(['int64', 'decimal', 'date', 'time', 'date-time', 'uuid', 'json', 'binary', 'pg-text']);
  const properties: RecordSchema['properties'] = {};
  const required: string[] = [];
  for (const [key, kind] of Object.entries(fields)) {
    const nullable = key.endsWith('?');
    const name = nullable ? key.slice(0, -1) : key;
    const type = formats.has(kind) ? 'string' : kind;
    properties[name] = { type: nullable ? [type, 'null'] : type, ...(formats.has(kind) ? { format: kind } : {}) };
    if (!nullable) required.push(name);
  }
  return { type: 'object', properties, required, additionalProperties: false };
}
