import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Json, Log, ReadContext, Rejection } from '@aries-data/sdk';
import { columnsOf } from '@aries-data/sdk/internal';
import { noHttp } from '@aries-data/testing';
import { temporaryFolder } from '../../../../test/folders/temporary-folder.ts';
import { type SourceConfig, sourceConfig } from '../config.ts';
import { type Position, readFiles } from '../source/read-files.ts';

/** Makes a folder with these files, removed after the test. */
export async function folderWith(files: Record<string, string | Uint8Array>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

export interface Read {
  /** The records that the source yields; numbers that a double cannot hold are raw. */
  records: Json[];
  /** The same records as JSON text, with every digit. */
  texts: string[];
  /** Each rejection's origin and reason. */
  rejected: string[];
  rejections: Rejection[];
  /** The positions, each with the number of records and rejections before it. */
  checkpoints: { position: Position; after: number }[];
  /** The columns of files without records. */
  columns: (readonly string[])[];
}

/** Reads files as the engine does, from the start or from a position. */
export async function read(
  config: Partial<SourceConfig> & { url: string | string[] },
  options: { position?: Position; signal?: AbortSignal } = {},
): Promise<Read> {
  return readWith(contextOf(config, options));
}

/** Reads files with any context. */
export async function readWith(ctx: ReadContext<SourceConfig, Position>): Promise<Read> {
  const result: Read = { records: [], texts: [], rejected: [], rejections: [], checkpoints: [], columns: [] };
  for await (const item of readFiles(ctx)) {
    if (Array.isArray(item)) {
      const columns = columnsOf(item);
      if (columns !== undefined) result.columns.push(columns);
      result.records.push(...item);
      result.texts.push(...item.map((record) => JSON.stringify(record)));
    } else if ('reason' in item) {
      const { origin, reason, record } = item;
      result.rejections.push({ origin, reason, record });
      result.rejected.push(`${origin}: ${reason}`);
    } else if ('position' in item) {
      result.checkpoints.push({ position: item.position, after: result.records.length + result.rejected.length });
    }
  }
  return result;
}

/** Makes the context that the engine passes to `read`. */
export function contextOf(
  config: Partial<SourceConfig> & { url: string | string[] },
  { position, signal = new AbortController().signal }: { position?: Position; signal?: AbortSignal } = {},
): ReadContext<SourceConfig, Position> {
  return {
    config: sourceConfig.parse(config),
    log: silent,
    http: noHttp,
    signal,
    stream: 'records',
    window: {},
    primaryKey: [],
    ...(position === undefined ? {} : { position }),
  };
}

/** A log that discards everything. */
export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Returns the error of a promise as users see it. */
export async function failure(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    const { code, message, hint } = error as { code?: string; message: string; hint?: string };
    return [`${code}: ${message}`, hint].filter(Boolean).join(' — ');
  }
  return 'no failure';
}
