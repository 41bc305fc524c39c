import type { JsonRecord } from '@aries-data/sdk';
import nock from 'nock';
import { answer, type StubbedObjects } from './soql-answer.ts';

export const URL_OF_ORG = 'https://acme.my.salesforce.com';
export const credentials = { url: URL_OF_ORG, clientId: '3MVG9aries', clientSecret: 'AriesSecret4711' };
export const VERSION = '/services/data/v62.0';
const json = { 'content-type': 'application/json;charset=UTF-8' };
type Answer = [number, string, Record<string, string>];

/** Stubs the parts of Salesforce that the connector reads: OAuth, describe, SOQL in pages, and query jobs with results in sets. */
export function stubbedSalesforce({ objects = acme(), pageSize = 3 } = {}) {
  const asked: string[] = [];
  const jobs = new Map<string, JsonRecord[]>();
  const cursors = new Map<string, JsonRecord[]>();
  const queries: string[] = [];
  nock.disableNetConnect();
  const org = nock(URL_OF_ORG).persist();
  org.post(() => true).reply(async (request: Request) => post(request));
  org.get(() => true).reply((request: Request) => get(request));

  async function post(request: Request): Promise<Answer> {
    const { pathname } = new URL(request.url);
    asked.push(`POST ${pathname}`);
    if (pathname === '/services/oauth2/token') {
      const form = new URLSearchParams(await request.text());
      return form.get('client_secret') === credentials.clientSecret
        ? reply({ access_token: `00D!${form.get('grant_type')}`, instance_url: URL_OF_ORG, token_type: 'Bearer' })
        : reply({ error: 'invalid_client', error_description: 'invalid client credentials' }, 400);
    }
    const { query, operation } = (await request.json()) as { query: string; operation: string };
    queries.push(query);
    const id = `750R${String(jobs.size).padStart(11, '0')}`;
    jobs.set(id, answer(objects, query, operation === 'queryAll'));
    return reply({ id, operation, state: 'UploadComplete', contentType: 'CSV' });
  }

  function get(request: Request): Answer {
    const url = new URL(request.url);
    asked.push(`GET ${url.pathname}`);
    if (!/^Bearer 00D!/.test(request.headers.get('authorization') ?? ''))
      return reply([{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }], 401);
    const path = url.pathname.replace(VERSION, '');
    const [, object] = /^\/sobjects\/(\w+)\/describe$/.exec(path) ?? [];
    const [, job, results] = /^\/jobs\/query\/(\w+)(\/results)?$/.exec(path) ?? [];
    if (path === '/limits') return reply({ DailyApiRequests: { Max: 15000, Remaining: 14998 } });
    if (path === '/sobjects')
      return reply({ sobjects: Object.keys(objects).map((name) => ({ name, queryable: true, replicateable: true })) });
    if (object !== undefined && object in objects) return reply({ name: object, fields: objects[object]!.fields });
    if (job !== undefined && results === undefined) return reply({ id: job, state: 'JobComplete' });
    if (job !== undefined) return resultsOf(jobs.get(job)!, url.searchParams.get('locator'));
    if (/^\/query(?:All)?$/.test(path)) {
      const query = url.searchParams.get('q')!;
      queries.push(query);
      const records = answer(objects, query, path === '/queryAll');
      if (query.includes('COUNT()')) return reply({ totalSize: records.length, done: true, records: [] });
      const cursor = `0r8${cursors.size}`;
      cursors.set(cursor, records);
      return page(cursor, 0);
    }
    const [, cursor, start] = /^\/query\/(\w+)-(\d+)$/.exec(path) ?? [];
    if (cursor !== undefined) return page(cursor, Number(start));
    return reply([{ message: 'The requested resource does not exist', errorCode: 'NOT_FOUND' }], 404);
  }

  function page(cursor: string, start: number): Answer {
    const all = cursors.get(cursor)!;
    const end = start + pageSize;
    const records = all.slice(start, end).map((record) => ({ attributes: { type: 'Account' }, ...record }));
    const more = end < all.length ? { nextRecordsUrl: `${VERSION}/query/${cursor}-${end}` } : {};
    return reply({ totalSize: all.length, done: end >= all.length, ...more, records });
  }

  function resultsOf(all: JsonRecord[], locator: string | null): Answer {
    const start = locator === null ? 0 : Number(Buffer.from(locator, 'base64').toString());
    const rows = all.slice(start, start + pageSize);
    const next = start + pageSize < all.length ? Buffer.from(String(start + pageSize)).toString('base64') : 'null';
    const headers = {
      'content-type': 'text/csv',
      'sforce-locator': next,
      'sforce-numberofrecords': String(rows.length),
    };
    const names = Object.keys(all[0] ?? { Id: '' });
    return [200, [names, ...rows.map((row) => names.map((name) => row[name]))].map(csvRow).join(''), headers];
  }

  return {
    objects,
    asked,
    queries,
    [Symbol.asyncDispose]: async () => {
      nock.cleanAll();
      nock.enableNetConnect();
    },
  };
}

function reply(body: unknown, status = 200): Answer {
  return [status, JSON.stringify(body), json];
}

/** Writes a row as Salesforce does: every cell quoted, null and empty alike, times with a Z. */
function csvRow(cells: unknown[]): string {
  const texts = cells.map((cell) =>
    String(cell ?? '')
      .replace('+0000', 'Z')
      .replaceAll('"', '""'),
  );
  return `${texts.map((text) => `"${text}"`).join(',')}\n`;
}

/** Returns the timestamp this many minutes into 2024, as a query returns it. */
export function at(minutes: number): string {
  return new Date(Date.UTC(2024, 0, 1, 0, minutes)).toISOString().replace('Z', '+0000');
}

export function account(number: number, minutes: number): JsonRecord {
  return {
    Id: `001R00000${String(number).padStart(6, '0')}IAC`,
    IsDeleted: number === 5,
    Name: number % 2 === 0 ? `Łódź "${number}", GmbH` : `Line one\nline ${number}`,
    Website: null,
    AnnualRevenue: 1250000.5,
    NumberOfEmployees: 42,
    Founded__c: '1999-12-31',
    Opens__c: '09:30:00.000Z',
    SystemModstamp: at(minutes),
  };
}

const types = {
  Id: 'id',
  IsDeleted: 'boolean',
  Name: 'string',
  Website: 'url',
  AnnualRevenue: 'currency',
  NumberOfEmployees: 'int',
  Founded__c: 'date',
  Opens__c: 'time',
  BillingAddress: 'address',
  SystemModstamp: 'datetime',
};

/** Makes an org with two objects, one of which has no modification time. */
export function acme(): StubbedObjects {
  const fieldsOf = (all: Record<string, string>) => Object.entries(all).map(([name, type]) => ({ name, type }));
  const minutes = [1, 5, 5, 5, 9, 12, 30];
  return {
    Account: { fields: fieldsOf(types), records: minutes.map((minute, number) => account(number, minute)) },
    Region__x: {
      fields: fieldsOf({ Id: 'id', Label: 'string' }),
      records: [1, 2, 3, 4].map((id) => ({ Id: `x00R${String(id).padStart(11, '0')}`, Label: `Region ${id}` })),
    },
  };
}
