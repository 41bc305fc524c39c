import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fieldSchema, fieldsOf, type LoadSession, type LoadTarget } from '@aries-data/sdk';
import { ansiDialect, type SqlConnection, type SqlDialect, sqlLoadSession } from '@aries-data/sql';
import { beforeAll, expect, test } from 'vitest';
import { openConnection } from '../templates/database/src/destination/connection.ts';
import { dialect } from '../templates/database/src/destination/dialect.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';

const root = resolve(import.meta.dirname, '..');
let guide: string;

beforeAll(async () => {
  guide = await readFile(join(root, 'docs/guides/sql-destinations.md'), 'utf8');
});

const block = (language: string) => new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(guide)![1]!;
const oneLine = (text: string) => text.replace(/\s+/g, ' ').replaceAll('( ', '(').trim();

test('a merge into an empty database makes the calls and the statements that the guide shows', async () => {
  const { calls, statements } = await tracedMerge();
  const lines = Object.entries(calls).map(([step, names]) => `${step.padEnd(11)} ${[...names].join(' ')}\n`);
  expect(lines.join('')).toBe(block('text'));

  const shown = block('sql').replace(/^\s*--.*$/gm, '');
  const expected = shown.split(';').map(oneLine).filter(Boolean);
  expect(statements.map((statement, index) => shownAs(statement, expected[index] ?? ''))).toEqual(expected);
});

/** A statement with `…` where the guide has it, for what is long or random. */
function shownAs(statement: string, shown: string): string {
  let masked = statement.replace(/_aries_load_[0-9a-f]+/g, '_aries_load_…');
  let at = 0;
  for (const piece of shown.split('…')) {
    const found = masked.indexOf(piece, at);
    if (found < 0) return masked;
    if (at > 0) masked = `${masked.slice(0, at)}…${masked.slice(found)}`;
    at = masked.indexOf(piece, at) + piece.length;
  }
  return masked;
}

test('the guide names every member of a dialect', () => {
  const rows = guide.slice(guide.indexOf('| member | set it if'), guide.indexOf('The [reference]'));
  const named = [...rows.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, names]) => names!.replaceAll('`', '').split(', '));
  const members = Object.keys(ansiDialect({ name: 'x' }) satisfies SqlDialect).filter((name) => name !== 'name');
  expect(named.toSorted()).toEqual(members.toSorted());
});

test('the eight members that the guide calls required are enough for a connection', () => {
  const rows = guide.slice(guide.indexOf('| member | what it does'), guide.indexOf('| optional |'));
  const named = [...rows.matchAll(/`(\w+)[^`]*`(?=[^|]*\|[^|]*\|$)/gm)].map(([, name]) => name);
  type Required = { [K in keyof SqlConnection]-?: undefined extends SqlConnection[K] ? never : K }[keyof SqlConnection];
  const required: Record<Required, true> = {
    run: true,
    query: true,
    begin: true,
    commit: true,
    table: true,
    columnTypes: true,
    copyBatch: true,
    close: true,
  };
  expect(named).toEqual(Object.keys(required));
});

/** Merges one record into a new database. Returns the connection's members that each step calls, and all statements. */
async function tracedMerge(): Promise<{ calls: Record<string, Set<string>>; statements: string[] }> {
  const folder = await temporaryFolder();
  const calls: Record<string, Set<string>> = {};
  const statements: string[] = [];
  let step = 'ledger';

  function traced(connection: SqlConnection): SqlConnection {
    return new Proxy(connection, {
      get(own, name: keyof SqlConnection & string) {
        const member = own[name] as unknown;
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          calls[step] ??= new Set();
          calls[step]!.add(name);
          if (name === 'run' || name === 'query') statements.push(oneLine(String(args[0])));
          return (member as (...args: unknown[]) => unknown)(...args);
        };
      },
    });
  }

  const session = sqlLoadSession({
    dialect,
    connect: async () => traced(await openConnection(join(folder, 'shop.db'))),
    schema: 'main',
    pipeline: 'shop',
    concurrency: 1,
    lockTimeoutMs: 1000,
    signal: new AbortController().signal,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const during = <T>(name: string, work: () => Promise<T>): Promise<T> => {
    step = name;
    return work();
  };
  try {
    await during('ledger', () => session.ledger(['orders']));
    await during('inspect', () => session.inspect(TARGET));
    const load = await during('open', () => session.open(TARGET, () => {}));
    const record = { id: '1', name: 'a lamp', at: '2026-01-01T00:00:00Z' };
    await during('writeBatch', () => load.writeBatch([record], { part: 'p', index: 0 }));
    expect(await during('finish', () => load.finish())).toMatchObject({ received: 1, inserted: 1 });
    await during('commit', () => session.commit([LEDGER_ROW], () => {}));
  } finally {
    await during('close', () => session.close());
  }
  return { calls, statements };
}

const TARGET: LoadTarget = {
  runId: 'monday',
  stream: 'orders',
  target: 'orders',
  fields: fieldsOf({
    type: 'object',
    properties: {
      id: fieldSchema('int64'),
      name: fieldSchema('string', { nullable: true }),
      at: fieldSchema('date-time'),
    },
    required: ['id', 'at'],
  }),
  primaryKey: ['id'],
  cursor: 'at',
  disposition: 'merge',
  schemaChange: 'evolve',
  readStart: '2026-01-31T08:30:00.000Z',
};

const LEDGER_ROW: Parameters<LoadSession['commit']>[0][number] = {
  pipeline: 'shop',
  stream: 'orders',
  target: 'orders',
  identity: '',
  runId: 'monday',
  digest: 'sha256-1',
  disposition: 'merge',
  interval: null,
  stateBefore: null,
  stateAfter: null,
  readStart: '2026-01-01T00:00:00Z',
  rows: 1,
  loadedAt: '2026-01-01T00:00:00Z',
};
