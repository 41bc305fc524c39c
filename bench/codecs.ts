/**
 * Measures the codecs against libraries that do the same. Absolute figures depend on the machine, but the ratios hold. Each pair
 * takes turns and the best turn counts, because disturbances only ever make a run slower.
 *
 *     node bench/codecs.ts
 */
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { decoderOf, encoderOf } from '../packages/formats/src/codec.ts';
import { compress, decompress } from '../packages/formats/src/compression/compression.ts';
import { parseExact } from '../packages/formats/src/exact-json/exact-json.ts';
import { ndjsonLines } from '../packages/formats/src/ndjson/ndjson-lines.ts';
import { PGCOPY_HEAD, PGCOPY_TAIL } from '../packages/formats/src/pgcopy/pgcopy.ts';
import { createInference } from '../packages/formats/src/types/infer.ts';
import { normaliser } from '../packages/formats/src/types/normalise.ts';
import {
  type FieldSchema,
  fieldSchema,
  fieldsOf,
  type JsonRecord,
  type RecordSchema,
} from '../packages/sdk/src/schema.ts';

const ofFileConnector = createRequire(new URL('../connectors/file/package.json', import.meta.url));
const { parse: csvParse } = ofFileConnector('csv-parse/sync') as { parse(input: Buffer): string[][] };
const { stringify: csvStringify } = ofFileConnector('csv-stringify/sync') as { stringify(rows: object[]): string };

const ROWS = 2_000;
const BATCHES = 8;
const TURNS = 15;
const ROUNDS = 10;

const properties = {
  id: fieldSchema('int64'),
  title: fieldSchema('string'),
  email: fieldSchema('string'),
  latitude: fieldSchema('number'),
  count: fieldSchema('integer'),
  active: fieldSchema('boolean'),
  created_at: fieldSchema('date-time'),
  note: fieldSchema('string', { nullable: true }),
};
const schema: RecordSchema = { type: 'object', properties, required: Object.keys(properties) };
const fields = fieldsOf(schema);

/** The columns' types in PostgreSQL. */
const PG_TYPES: Record<keyof typeof properties, string> = {
  id: 'bigint',
  title: 'text',
  email: 'text',
  latitude: 'double precision',
  count: 'integer',
  active: 'boolean',
  created_at: 'timestamp with time zone',
  note: 'text',
};
const typed: Record<string, FieldSchema> = Object.fromEntries(
  Object.entries(PG_TYPES).map(([name, pgType]) => [name, { ...properties[name as keyof typeof properties], pgType }]),
);
const pgFields = fieldsOf({ ...schema, properties: typed });

function makeRecord(index: number): JsonRecord {
  const two = (value: number) => String(value).padStart(2, '0');
  return {
    id: String(900_000_000_000 + index * 7),
    title: `Item number ${index}${index % 50 === 0 ? ', "special"' : ''}`,
    email: `user${index}@example.com`,
    latitude: Number((((index * 7919) % 18_000_000) / 100_000 - 90).toFixed(5)),
    count: (index * 13) % 100_000,
    active: index % 3 === 0,
    created_at: `2024-03-${two((index % 28) + 1)}T12:${two(index % 60)}:00.123456Z`,
    note: index % 4 === 0 ? null : 'some text with spaces',
  };
}

// Parsed records in several batches, because V8 optimises too much for strings that it sees again and again.
const batches = Array.from({ length: BATCHES }, (_, batch) =>
  Array.from({ length: ROWS }, (_, row) => JSON.parse(JSON.stringify(makeRecord(batch * ROWS + row))) as JsonRecord),
);
const encodeCsv = encoderOf('csv', fields);
const encodeNdjson = encoderOf('ndjson', fields);
const decodeCsv = decoderOf('csv', fields, { coerce: false });
const decodeNdjson = decoderOf('ndjson', fields, { coerce: false });
const fitNdjson = decoderOf('ndjson', fields, { coerce: true });
const encodePgcopy = encoderOf('pgcopy', pgFields);
const decodePgcopy = decoderOf('pgcopy', pgFields, { coerce: false });
const csv = batches.map((batch) => Buffer.from(encodeCsv(batch)));
const pgcopy = batches.map((batch) => Buffer.concat([PGCOPY_HEAD, encodePgcopy(batch), PGCOPY_TAIL]));
const ndjson = batches.map((batch) => Buffer.from(encodeNdjson(batch)));
const manyCsv = Buffer.concat(Array.from({ length: 5 }, () => csv).flat());

async function drain(chunks: AsyncIterable<{ length: number }>): Promise<number> {
  let length = 0;
  for await (const chunk of chunks) length += chunk.length;
  return length;
}

async function* one<T>(value: T): AsyncGenerator<T> {
  yield value;
}

function parseEach(text: string): unknown[] {
  const lines = text.split('\n');
  lines.pop();
  return lines.map((line) => JSON.parse(line) as unknown);
}

interface Contest {
  name: string;
  /** The bytes of one run. */
  bytes: number;
  rows: number;
  ours: (index: number) => unknown;
  other: string;
  theirs: (index: number) => unknown;
}

const bytesOf = (buffers: Buffer[]) => buffers.reduce((sum, buffer) => sum + buffer.length, 0) / buffers.length;
const { normalise } = normaliser(schema);
const CONTESTS: Contest[] = [
  {
    name: 'csv out',
    bytes: bytesOf(csv),
    rows: ROWS,
    ours: (index) => encodeCsv(batches[index]!),
    other: 'csv-stringify',
    theirs: (index) => Buffer.from(csvStringify(batches[index]!)),
  },
  {
    name: 'csv in',
    bytes: bytesOf(csv),
    rows: ROWS,
    ours: (index) => drain(decodeCsv(one(csv[index]!))),
    other: 'csv-parse (texts only)',
    theirs: (index) => csvParse(csv[index]!),
  },
  {
    name: 'pgcopy out',
    bytes: bytesOf(pgcopy),
    rows: ROWS,
    ours: (index) => encodePgcopy(batches[index]!),
    other: 'the same rows as csv',
    theirs: (index) => encodeCsv(batches[index]!),
  },
  {
    name: 'pgcopy in',
    bytes: bytesOf(pgcopy),
    rows: ROWS,
    ours: (index) => drain(decodePgcopy(one(pgcopy[index]!))),
    other: 'the same rows as csv',
    theirs: (index) => drain(decodeCsv(one(csv[index]!))),
  },
  {
    name: 'ndjson out',
    bytes: bytesOf(ndjson),
    rows: ROWS,
    ours: (index) => encodeNdjson(batches[index]!),
    other: 'JSON.stringify by record',
    theirs: (index) => Buffer.from(batches[index]!.map((record) => JSON.stringify(record)).join('\n')),
  },
  {
    name: 'ndjson in',
    bytes: bytesOf(ndjson),
    rows: ROWS,
    ours: (index) => drain(decodeNdjson(one(ndjson[index]!))),
    other: 'JSON.parse by line',
    theirs: (index) => parseEach(ndjson[index]!.toString()),
  },
  {
    name: 'ndjson in, fitted',
    bytes: bytesOf(ndjson),
    rows: ROWS,
    ours: (index) => drain(fitNdjson(one(ndjson[index]!))),
    other: 'JSON.parse by line',
    theirs: (index) => parseEach(ndjson[index]!.toString()),
  },
  {
    name: 'people’s ndjson in, exact',
    bytes: bytesOf(ndjson),
    rows: ROWS,
    ours: async (index) => {
      const records = [];
      for await (const { lines } of ndjsonLines(one(ndjson[index]!)))
        for (const line of lines) records.push(parseExact(line));
      return records;
    },
    other: 'JSON.parse by line',
    theirs: (index) => parseEach(ndjson[index]!.toString()),
  },
  {
    name: 'check of records',
    bytes: bytesOf(ndjson),
    rows: ROWS,
    ours: (index) => batches[index]!.map((record) => normalise(record)),
    other: 'JSON.stringify by record',
    theirs: (index) => batches[index]!.map((record) => JSON.stringify(record)),
  },
  {
    name: 'inference of a schema',
    bytes: bytesOf(ndjson),
    rows: ROWS,
    ours: (index) => createInference().observe(batches[index]!),
    other: 'JSON.stringify by record',
    theirs: (index) => batches[index]!.map((record) => JSON.stringify(record)),
  },
];

/** Returns the best time of each, in milliseconds. */
async function race(ours: (index: number) => unknown, theirs: (index: number) => unknown): Promise<[number, number]> {
  const best: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [who, run] of [ours, theirs].entries()) {
      const start = performance.now();
      for (let round = 0; round < ROUNDS; round++) await run(round % BATCHES);
      best[who] = Math.min(best[who]!, (performance.now() - start) / ROUNDS);
    }
  }
  return best;
}

const table: Record<string, object> = {};
const rate = (bytes: number, milliseconds: number) => `${Math.round(bytes / milliseconds / 1000)} MB/s`;
for (const { name, bytes, rows, ours, other, theirs } of CONTESTS) {
  const [own, others] = await race(ours, theirs);
  table[name] = {
    Aries: rate(bytes, own),
    'ns/row': Math.round((own * 1e6) / rows),
    other,
    'other’s': rate(bytes, others),
    'times as fast': Number((others / own).toFixed(2)),
  };
}
for (const compression of ['zst', 'gz'] as const) {
  const packed = Buffer.concat(await Array.fromAsync(compress(one(manyCsv), compression)));
  let [out, back] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let turn = 0; turn < 5; turn++) {
    let start = performance.now();
    await drain(compress(one(manyCsv), compression));
    out = Math.min(out, performance.now() - start);
    start = performance.now();
    await drain(decompress(Readable.from([packed], { objectMode: false }), compression));
    back = Math.min(back, performance.now() - start);
  }
  table[`${compression} out`] = { Aries: rate(manyCsv.length, out) };
  table[`${compression} in`] = { Aries: rate(manyCsv.length, back) };
}
if (process.argv.includes('--json')) console.log(JSON.stringify(table));
else console.table(table);
