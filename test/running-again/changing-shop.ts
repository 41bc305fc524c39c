import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ConnectorUse,
  type ExtractOptions,
  extract,
  type LoadOptions,
  load,
  type StepResult,
} from '@aries-data/engine';
import { defineSource, inferred, type JsonRecord, type RecordSchema } from '@aries-data/sdk';
import { z } from 'zod';
import { destination as file } from '../../connectors/file/src/destination/destination.ts';
import { temporaryFolder } from '../folders/temporary-folder.ts';
import { duckdbTarget, postgresTarget, type Target } from './targets.ts';

/** JSON Schema types by field. Of two types, the second is `null`. A format follows a colon. */
type Fields = Record<string, string | string[]>;

interface ChangingStream {
  /** Default: inferred from the rows. */
  fields?: Fields;
  primaryKey?: string[];
}

/** Makes a pipeline `shop` in this process, from a source with changeable streams into a new database or folder. */
export interface ChangingShop extends AsyncDisposable {
  /** The destination. */
  destination: ConnectorUse;
  streams: Record<string, ChangingStream>;
  rows: Record<string, JsonRecord[]>;
  extract(runId: string, options?: Partial<ExtractOptions>): Promise<StepResult>;
  load(runId: string, options?: Partial<LoadOptions>): Promise<StepResult>;
  both(runId: string, options?: Partial<LoadOptions>): Promise<StepResult>;
  table(name: string): Promise<Record<string, unknown>[]>;
  /** Lists the tables that the loads created, without the ledger. */
  tables(): Promise<string[]>;
  sql: Target['sql'];
  /** Returns the warnings of all loads. */
  warnings: string[];
}

type Into = 'postgres' | 'duckdb' | 'file';

export async function changingShop(
  streams: Record<string, ChangingStream>,
  into: Into = 'postgres',
): Promise<ChangingShop> {
  const folder = await temporaryFolder();
  const target =
    into === 'postgres'
      ? await postgresTarget()
      : into === 'duckdb'
        ? await duckdbTarget(folder)
        : folderTarget(folder);
  const warnings: string[] = [];
  const quiet = () => {};
  const log = { debug: quiet, info: quiet, warn: (message: string) => void warnings.push(message), error: quiet };
  const source = (): ConnectorUse => ({
    connector: { name: 'shop', version: '0.0.0', source: sourceOf(self) },
    config: {},
  });
  const use: ConnectorUse = {
    connector: { name: into, version: '0.0.0', destination: target.destination },
    config: target.config,
  };
  const self: ChangingShop = {
    destination: use,
    streams,
    rows: {},
    extract: (runId, options) => extract({ source: source(), staging: folder, name: 'shop', runId, ...options }),
    load: (runId, options) =>
      load({
        destination: use,
        input: [`${folder}/shop/${runId}/extract`],
        log,
        ...options,
      }),
    async both(runId, options) {
      await self.extract(runId);
      return self.load(runId, options);
    },
    warnings,
    async table(name) {
      if (into !== 'postgres') return (await target.rows(name, 'here')).map(withNumbers);
      const rows = await target.sql(`SELECT to_jsonb(t) AS row FROM ${name} AS t ORDER BY 1`);
      return rows.map(({ row }) => row as Record<string, unknown>);
    },
    async tables() {
      const rows = await target.sql(`SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`);
      return rows.map(({ tablename }) => String(tablename)).filter((name) => !name.startsWith('_aries'));
    },
    sql: target.sql,
    async [Symbol.asyncDispose]() {
      await target[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return self;
}

/** Converts DuckDB's integers to JSON numbers. */
function withNumbers(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
  );
}

/** JSON lines files, one for each target or dataset. */
function folderTarget(folder: string): Pick<Target, 'destination' | 'config' | 'sql' | 'rows'> & AsyncDisposable {
  const path = join(folder, 'files');
  return {
    destination: file,
    config: { path, format: 'ndjson' },
    sql: () => Promise.reject(new Error('files know no SQL')),
    async rows(table) {
      const names = (await readdir(path)).filter((name) => name.startsWith(table)).sort();
      const texts = await Promise.all(names.map((name) => readFile(join(path, name), 'utf8')));
      const lines = texts.flatMap((text) => text.split('\n')).filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    async [Symbol.asyncDispose]() {},
  };
}

function sourceOf(shop: ChangingShop) {
  return defineSource({
    config: z.object({}),
    streams: ({ stream }) =>
      Object.fromEntries(
        Object.entries(shop.streams).map(([name, { fields, primaryKey = [] }]) => [
          name,
          stream({
            schema: fields === undefined ? inferred : schemaOf(fields),
            primaryKey,
            async *read() {
              yield shop.rows[name] ?? [];
            },
          }),
        ]),
      ),
  });
}

function schemaOf(fields: Fields): RecordSchema {
  const properties = Object.entries(fields).map(([name, type]) => {
    const [first = '', ...others] = [type].flat();
    const [base, format] = first.split(':');
    return [
      name,
      { type: others.length === 0 ? base : [base, ...others], ...(format === undefined ? {} : { format }) },
    ];
  });
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    required: Object.keys(fields),
    additionalProperties: false,
  } as RecordSchema;
}
