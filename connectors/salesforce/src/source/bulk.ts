import { setTimeout as sleep } from 'node:timers/promises';
import { AriesError, checkpoint, type Json, type JsonRecord, type ReadContext } from '@aries-data/sdk';
import { parse } from 'csv-parse/sync';
import type { Config } from '../config.ts';
import type { SalesforceField } from './describe.ts';
import { recordOfRow } from './values.ts';

interface Job {
  id: string;
  state: 'UploadComplete' | 'InProgress' | 'Aborted' | 'JobComplete' | 'Failed';
  errorMessage?: string;
}

/**
 * Reads the results of a Bulk API 2.0 query job. Salesforce keeps them for seven days, so an interrupted read resumes the same job.
 *
 * https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm
 */
export async function* readBulk(
  { fields, all, withDeleted }: { fields: readonly SalesforceField[]; all: string; withDeleted: boolean },
  ctx: ReadContext<Config>,
  position: { job: string; next: Json } | undefined,
) {
  const { config, http } = ctx;
  const id = position?.job ?? (await finished({ query: all, operation: withDeleted ? 'queryAll' : 'query' }, ctx));
  const pages = http.pages<JsonRecord>(`/jobs/query/${id}/results`, {
    query: { maxRecords: config.pageSize },
    headers: { accept: 'text/csv' },
    from: position?.next,
    records: '',
    // The last set of results has the locator "null", as text.
    pagination({ headers }) {
      const locator = headers.get('sforce-locator') ?? 'null';
      return locator === 'null' ? undefined : { query: { locator } };
    },
    parse: (text, { headers }) => rowsOf(text, fields, headers.get('sforce-numberofrecords')),
  });
  for await (const page of pages) {
    yield page;
    yield checkpoint({ job: id, next: page.next });
  }
}

/** Starts a query job and waits until it has finished. */
async function finished(
  asked: { query: string; operation: 'query' | 'queryAll' },
  { http, signal, log, stream }: ReadContext<Config>,
): Promise<string> {
  let { body: job } = await http.json<Job>('/jobs/query', { method: 'POST', json: asked });
  log.info(`${stream}: started a bulk job`, { job: job.id });
  for (let wait = FIRST_WAIT_MS; job.state !== 'JobComplete'; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    if (job.state === 'Failed' || job.state === 'Aborted') {
      const hint = 'Read this object with api: rest, or look up the job under Setup > Bulk Data Load Jobs.';
      const message = `The bulk job ${job.id} ended with the state ${job.state}${job.errorMessage === undefined ? '' : `: ${job.errorMessage}`}`;
      throw new AriesError('CONFIG_INVALID', message, { stream, hint });
    }
    await sleep(wait, undefined, { signal });
    job = (await http.json<Job>(`/jobs/query/${job.id}`)).body;
  }
  return job.id;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 15_000;

/** Parses a set of results, whose columns are those of the query, in the same order. */
function rowsOf(text: string, fields: readonly SalesforceField[], count: string | null): Json {
  const rows = parse(text, { skip_empty_lines: true }) as string[][];
  const names = fields.map(({ name }) => name);
  if (rows[0]?.every((cell, at) => cell === names[at])) rows.shift();
  if (rows.some((row) => row.length !== names.length) || (count !== null && Number(count) !== rows.length)) {
    const told = count === null ? '' : ` of ${count}`;
    throw new AriesError(
      'DATA_INVALID',
      `The results of a bulk job have ${rows.length}${told} records, or other columns than ${names.join(', ')}`,
      {
        hint: 'Try again. If it fails again, use api: rest.',
      },
    );
  }
  return rows.map((row) => recordOfRow(fields, row));
}
