import { readFile } from 'node:fs/promises';
import { sourcePositions } from '@aries-data/formats';
import { AriesError, nearest } from '@aries-data/sdk';
import { checkSize, type PlaceOf } from '@aries-data/sdk/internal';
import { z } from 'zod';
import { type ResolveOptions, resolveConfig } from '../config/resolve.ts';
import { AGE } from '../house/keep.ts';

const disposition = z.enum(['append', 'replace', 'replace-interval', 'merge', 'history']);
const countOrShare = z.union([z.int().min(0), z.string().regex(/^\d+(\.\d+)?%$/)]);
const schemaChange = z.enum(['evolve', 'freeze', 'discard']);

/** Options of a stream in a pipeline file. */
export const streamOptionsSchema = z.strictObject({
  name: z.string().min(1).describe('Name of the stream at the source'),
  as: z.string().min(1).optional().describe('Name in the dataset and of the target'),
  columns: z.array(z.string()).min(1).optional().describe('Only these columns'),
  where: z.string().optional().describe('Condition in the language of the source'),
  cursor: z.string().optional().describe('Field that orders the records, for incremental and interval reads'),
  primaryKey: z.array(z.string()).min(1).optional().describe('Fields that identify a record'),
  mode: z.enum(['full', 'incremental']).optional().describe('Read everything, or only what is new since the last load'),
  lag: z.string().optional().describe('Span before the state to read again: 90s, 15m, 2h, 1d, or a number'),
  nullCursor: z.enum(['include', 'skip']).optional().describe('What to do with records whose cursor is null'),
  disposition: disposition.optional().describe('How the destination applies this stream'),
  deletes: z
    .enum(['hard', 'soft', 'ignore', 'compare'])
    .optional()
    .describe(
      'What to do with records that are gone at the source: delete them, mark them, keep them, or find them by comparing keys',
    ),
  schemaChange: schemaChange.optional().describe('What to do if its fields differ from those of the target'),
});

const use = z.string().min(1).describe('Connector: a short name, a package or a path');
const config = z.record(z.string(), z.unknown()).optional().describe('Config of the connector');

/** Schema of the pipeline file. Its reference page is generated from it. */
export const pipelineSchema = z.strictObject({
  name: z.string().min(1).describe('Names the pipeline in staging, state and ledger'),
  source: z.strictObject({
    use,
    config,
    streams: z
      .array(z.union([z.string(), streamOptionsSchema]))
      .optional()
      .describe('Streams to read. Default: all'),
  }),
  transforms: z
    .array(
      z.strictObject({
        use,
        config,
        name: z.string().optional().describe('Name of the step, for a transform of whole datasets'),
      }),
    )
    .optional(),
  destination: z.strictObject({
    use,
    config,
    disposition: disposition.optional().describe('append, replace, replace-interval, merge or history'),
    deletes: z
      .enum(['hard', 'soft', 'ignore'])
      .optional()
      .describe(
        'What to do with records that are gone at the source: delete them (the default), mark them, or keep them',
      ),
    maxDeleted: countOrShare
      .optional()
      .describe('Records that may be deleted by comparing keys: a number, or a share. Default: 20%'),
    schemaChange: schemaChange
      .optional()
      .describe(
        'What to do if fields differ from those of the target: change it (the default), fail, or leave out new fields',
      ),
    allowRepeat: z
      .boolean()
      .optional()
      .describe('Append full reads even if records of the same source were appended before, for a snapshot each time'),
  }),
  retention: z
    .union([z.string().regex(AGE, 'expected an age such as 7d'), z.strictObject({ keepLast: z.int().min(1) })])
    .optional()
    .describe(
      'After each load, delete loaded runs from staging once they are this old (90m, 36h, 7d, 4w), or all but the last ones: `{ keepLast: 10 }`',
    ),
  staging: z.string().optional().describe('URI of the staging. Default: ./.aries/staging'),
  maxRejected: countOrShare
    .optional()
    .describe('Rejected records to allow per stream: a number, or a share such as 0.1%'),
  minRecords: z.int().min(0).optional().describe('Fail the run if a stream has fewer records'),
  schedule: z.string().optional().describe('When to run, as a cron expression in UTC; only read by aries schedule'),
  interval: z
    .boolean()
    .optional()
    .describe('Each run reads the interval that the scheduler sets, not what is new; only read by aries schedule'),
});

/** Parsed pipeline file. */
export type Pipeline = z.output<typeof pipelineSchema>;

/** Pipeline, with the position of each value in its file. */
export interface PipelineFile {
  pipeline: Pipeline;
  placeOf: PlaceOf;
}

/** Reads a pipeline file and resolves its references. Throws like `parsePipelineFile`, and `CONFIG_REFERENCE`. */
export async function readPipelineFile(file: string, options: ResolveOptions): Promise<PipelineFile> {
  const { pipeline, placeOf } = await parsePipelineFile(file);
  return { pipeline: (await resolveConfig(pipeline, options)) as Pipeline, placeOf };
}

/** Reads a pipeline file without resolving its references. Throws `NOT_FOUND`, or `PIPELINE_INVALID` with path and line. */
export async function parsePipelineFile(file: string): Promise<PipelineFile> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'ENOENT' || cause.code === 'EISDIR'
      ? new AriesError('NOT_FOUND', `There is no pipeline file ${file}`, {
          cause,
          hint: 'Give the path of a YAML file.',
        })
      : cause;
  });
  const value = await yamlOf(text, file);
  const placeOf = sourcePositions(text, file);
  const result = pipelineSchema.safeParse(value);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${placeOf(issue.path)}: ${problemOf(issue)}`);
    throw new AriesError('PIPELINE_INVALID', problems.join('; '), {
      hint: 'See docs/reference/pipeline.md for all keys of a pipeline file.',
    });
  }
  return { pipeline: result.data, placeOf };
}

/** Parses YAML. Throws `PIPELINE_INVALID` if it is not valid, or would exhaust the stack or the memory. */
async function yamlOf(text: string, file: string): Promise<unknown> {
  const { parseDocument } = await import('yaml');
  try {
    const document = parseDocument(text, { prettyErrors: true });
    const [syntax] = document.errors;
    if (syntax !== undefined) throw syntax;
    const value: unknown = document.toJS();
    checkSize(value, 'the file');
    return value;
  } catch (cause) {
    const { message } = cause as Error;
    // The parser is recursive, so deep nesting overflows the stack.
    const reason = cause instanceof RangeError ? 'it has too many levels' : message.split('\n')[0];
    throw new AriesError('PIPELINE_INVALID', `${file}: ${reason}`, { cause });
  }
}

function problemOf(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = namesAt(issue.path);
    return issue.keys
      .map((key) => {
        const near = nearest(key, known);
        return `unknown key ${[...issue.path.map(String), key].join('.')}${near.length > 0 ? `, did you mean ${near.join(' or ')}?` : ''}`;
      })
      .join('; ');
  }
  return `${path === '' ? 'the file' : path}: ${issue.message.replace(/^Invalid input: /, '')}`;
}

function namesAt([first]: readonly PropertyKey[]): string[] {
  const { shape } = pipelineSchema;
  if (first === undefined) return Object.keys(shape);
  if (first === 'source') return Object.keys(shape.source.shape);
  if (first === 'destination') return Object.keys(shape.destination.shape);
  return ['use', 'config', 'name'];
}
