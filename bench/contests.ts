import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { query } from '../test/services/query.ts';
import { type Run, runNode, runShell } from './run-process.ts';

/** The services and files that a bench uses. */
export interface Place {
  /** The URLs of the database with the table and of the target database. */
  source: string;
  target: string;
  /** The name of the table. */
  table: string;
  folder: string;
  /** The entry file of the command. */
  aries: string;
  psql: boolean;
  /** A staging folder on S3, if there is a server. */
  s3: string | undefined;
}

/** One measurement. */
export interface Contest {
  name: string;
  /** The name of the contest to compare with. */
  baseline: string;
  /** The speed it must reach, as a multiple of the baseline's. */
  atLeast?: number;
  /** Runs before the measurement. */
  prepare?(): Promise<void>;
  run(): Promise<Run>;
}

export const PIPE = 'psql COPY TO | psql COPY FROM (text)';
export const TO_FILE = 'psql COPY TO a file (text)';
const TO_CSV = 'psql COPY TO a file (csv)';
export const FROM_FILE = 'psql COPY FROM a file (text)';
export const NAIVE = 'query stream, one row one chunk';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Lists all database contests in the order in which they take turns. */
export function contests(place: Place): Contest[] {
  const { source, target, table, folder, psql } = place;
  const file = (name: string) => join(folder, name);
  const copy = (from: string, out: string, to: string, into: string): Promise<Run> => {
    if (!psql) return runNode([here('./copy-pipe.ts'), from, out, to, into]);
    const reader = `psql -qAt '${from}' -c "${out}"`;
    const writer = `psql -qAt '${to}' -c "${into}"`;
    if (out === '') return runShell(`${writer} < '${from}'`);
    return runShell(into === '' ? `${reader} > '${to}'` : `${reader} | ${writer}`);
  };
  const emptyTarget = () => remake(place, 'theirs');
  const aries = (...args: string[]) => runNode([place.aries, ...args]);
  const whole =
    (staging: string, format: string, transforms: object[] = []) =>
    async () => {
      const pipeline = file(`${format}.json`);
      await writeFile(
        pipeline,
        JSON.stringify({
          name: 'bench',
          source: { use: 'postgres', config: { url: source, tables: [table] }, streams: [{ name: table, as: 'ours' }] },
          transforms,
          destination: { use: 'postgres', config: { url: target } },
          staging,
        }),
      );
      return aries('run', pipeline, '--staged-format', format);
    };
  const clean = async () => {
    await rm(file('staging'), { recursive: true, force: true });
    await query(target, 'DROP TABLE IF EXISTS ours, _aries_ledger');
  };
  const extract = (format: string) => () =>
    aries(
      ...['extract', 'postgres', '--config', JSON.stringify({ url: source, tables: [table] })],
      ...['--streams', JSON.stringify([{ name: table, as: 'ours' }]), '--staged-format', format],
      ...['--staging', file('staging'), '--name', 'bench', '--run-id', format],
    );
  const load = (format: string) => () =>
    aries(
      ...['load', 'postgres', '--config', JSON.stringify({ url: target })],
      ...['--input', join(file('staging'), 'bench', format, 'extract')],
    );
  const staged = (format: string) => async () => {
    await clean();
    await extract(format)();
  };
  const ends = (format: string): Contest[] => [
    {
      name: `aries extract, ${format}, zstd`,
      // csv is compared with csv; PostgreSQL's own csv against its text format is a separate line.
      ...(format === 'csv' ? { baseline: TO_CSV, atLeast: 1 } : { baseline: TO_FILE }),
      prepare: clean,
      run: extract(format),
    },
    {
      name: `aries load, ${format}, zstd`,
      baseline: FROM_FILE,
      ...(format === 'csv' ? { atLeast: 0.95 } : {}),
      prepare: staged(format),
      run: load(format),
    },
  ];
  return [
    {
      name: PIPE,
      baseline: PIPE,
      prepare: emptyTarget,
      run: () => copy(source, `COPY ${table} TO STDOUT`, target, 'COPY theirs FROM STDIN'),
    },
    {
      name: 'aries run, pgcopy, folder',
      baseline: PIPE,
      atLeast: 1.1,
      prepare: clean,
      run: whole(file('staging'), 'pgcopy'),
    },
    {
      name: 'aries run, csv, folder',
      baseline: PIPE,
      atLeast: 0.75,
      prepare: clean,
      run: whole(file('staging'), 'csv'),
    },
    {
      name: 'aries run, records through a user function',
      baseline: PIPE,
      atLeast: 0.5,
      prepare: clean,
      run: whole(file('staging'), 'csv', [{ use: here('./upper-case.ts') }]),
    },
    ...(place.s3 === undefined
      ? []
      : [{ name: 'aries run, csv, S3', baseline: PIPE, prepare: clean, run: whole(place.s3, 'csv') }]),
    {
      name: TO_FILE,
      baseline: TO_FILE,
      run: () => copy(source, `COPY ${table} TO STDOUT`, file('theirs.txt'), ''),
    },
    {
      name: TO_CSV,
      baseline: TO_FILE,
      run: () => copy(source, `COPY ${table} TO STDOUT (FORMAT csv)`, file('theirs.csv'), ''),
    },
    {
      name: FROM_FILE,
      baseline: FROM_FILE,
      prepare: emptyTarget,
      run: () => copy(file('theirs.txt'), '', target, 'COPY theirs FROM STDIN'),
    },
    ...ends('csv'),
    ...ends('pgcopy'),
    {
      name: NAIVE,
      baseline: PIPE,
      prepare: emptyTarget,
      run: () => runNode([here('./naive.ts'), source, table, target, 'theirs']),
    },
  ];
}

/** Creates an empty table of the same kind: logged, with the same key. */
async function remake({ source, target, table }: Place, name: string): Promise<void> {
  await query(target, `DROP TABLE IF EXISTS ${name}`);
  const [{ columns }] = await query(
    source,
    `SELECT string_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END, ', ' ORDER BY attnum) AS columns
       FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0`,
  );
  await query(target, `CREATE TABLE ${name} (${columns}, PRIMARY KEY (id))`);
}
