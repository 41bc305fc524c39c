import { join } from 'node:path';
import type { Destination } from '@aries-data/sdk';
import { DuckDBInstance } from '@duckdb/node-api';
import pg from 'pg';
import { destination as duckdb } from '../../connectors/duckdb/src/destination/destination.ts';
import { destination as postgres } from '../../connectors/postgres/src/destination/destination.ts';
import { freshDatabase } from '../services/database.ts';

/** A pipeline's target, and a second one for the undisturbed run. */
export interface Target extends AsyncDisposable {
  connector: 'postgres' | 'duckdb';
  destination: Destination;
  config: object;
  /** Empties the second target and returns its config. */
  elsewhere(): Promise<object>;
  /** Reads all rows of a table in either target. */
  rows(table: string, where: 'here' | 'elsewhere'): Promise<Record<string, unknown>[]>;
  sql(statement: string): Promise<Record<string, unknown>[]>;
  /** Postgres only. */
  url: string;
}

/** Creates a database on the test run's Postgres. */
export async function postgresTarget(): Promise<Target> {
  const database = await freshDatabase();
  const client = new pg.Client(database.url);
  await client.connect();
  const sql = async (statement: string) => (await client.query(statement)).rows;
  return {
    connector: 'postgres',
    destination: postgres,
    config: { url: database.url },
    url: database.url,
    sql,
    async elsewhere() {
      await sql('DROP SCHEMA IF EXISTS undisturbed CASCADE; CREATE SCHEMA undisturbed');
      return { url: database.url, schema: 'undisturbed' };
    },
    rows: (table, where) => sql(`TABLE ${where === 'here' ? 'public' : 'undisturbed'}.${table}`),
    async [Symbol.asyncDispose]() {
      await client.end();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** Makes a DuckDB file, which is open only during queries, so that others can write. */
export async function duckdbTarget(folder: string): Promise<Target> {
  let copies = 0;
  const pathOf = (where: 'here' | 'elsewhere') =>
    join(folder, where === 'here' ? 'job.duckdb' : `undisturbed-${copies}.duckdb`);
  const ask = async (where: 'here' | 'elsewhere', statement: string) => {
    const instance = await DuckDBInstance.create(pathOf(where));
    const connection = await instance.connect();
    try {
      return (await connection.runAndReadAll(statement)).getRowObjectsJS();
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  };
  return {
    connector: 'duckdb',
    destination: duckdb,
    config: { path: pathOf('here') },
    url: '',
    sql: (statement) => ask('here', statement),
    async elsewhere() {
      copies++;
      return { path: pathOf('elsewhere') };
    },
    rows: (table, where) => ask(where, `FROM ${table}`),
    async [Symbol.asyncDispose]() {},
  };
}
