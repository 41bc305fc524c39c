import { AriesError, isAriesError } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import type { SourceConfig } from '../../config.ts';
import { isSettled, milliseconds } from '../settle.ts';
import { compareNames } from './compare-names.ts';
import { httpFile } from './http.ts';
import { localFiles } from './local.ts';
import { anyPeriod, isTemplate, pathsOf, type Span } from './path-template.ts';
import { openBucket, s3Files } from './s3.ts';
import { type Located, NEVER_A_FILE, probe, type SourceFile } from './source-file.ts';

/** The periods to look for: those of an interval, all of them, or none: then a url must not name any. */
export type Periods = Span | 'all' | undefined;

/**
 * Lists the files of all urls, each once, sorted by name. Throws `NOT_FOUND` for a url that matches nothing, and `INPUT_NOT_READY` if
 * there is nothing yet in the periods that the urls name, or a file is younger than `settle`.
 */
export async function locate(
  { url, settle = '0s' }: Pick<SourceConfig, 'url' | 'settle'>,
  periods: Periods,
  signal: AbortSignal,
): Promise<Located> {
  const files = new Map<string, SourceFile>();
  const buckets = bucketsOf();
  try {
    for (const one of typeof url === 'string' ? [url] : url) {
      const found = isTemplate(one)
        ? await locatePeriods(one, periods, buckets, signal)
        : await locateOne(one, buckets);
      if (found.length === 0) {
        throw new AriesError('NOT_FOUND', `no file matches ${publicName(one)}`, {
          hint: 'Check the pattern in the url.',
        });
      }
      for (const file of found) files.set(file.id, file);
    }
    refuseYoung(files.values(), milliseconds(settle));
  } catch (error) {
    await buckets.close();
    throw error;
  }
  const sorted = [...files.values()].sort((a, b) => compareNames(a.name, b.name) || compareNames(a.id, b.id));
  return { files: sorted, close: buckets.close };
}

/** Opens each bucket once. */
export interface Buckets {
  of(url: string): Promise<Store>;
  close(): Promise<void>;
}

export function bucketsOf(): Buckets {
  const opened = new Map<string, Promise<Store>>();
  return {
    of(url) {
      const { hostname, search } = new URL(url);
      const key = hostname + search;
      const store = opened.get(key) ?? openBucket(url);
      opened.set(key, store);
      return store;
    },
    async close() {
      for (const store of opened.values()) await (await store).close();
    },
  };
}

/** Lists the files of each period that there are. Throws `INPUT_NOT_READY` if there is none in any. */
async function locatePeriods(
  template: string,
  periods: Periods,
  buckets: Buckets,
  signal: AbortSignal,
): Promise<SourceFile[]> {
  if (periods === undefined) throw noInterval(template);
  const files: SourceFile[] = [];
  for (const path of periods === 'all' ? [anyPeriod(template)] : pathsOf(template, periods)) {
    files.push(...(await locateOne(path, buckets, signal).catch(noneIfMissing)));
  }
  if (files.length > 0) return files;
  const when = periods === 'all' ? '' : ` from ${periods.start} to ${periods.end}`;
  throw new AriesError('INPUT_NOT_READY', `there is no file of ${publicName(template)} yet${when}`, {
    hint: 'Try again once it has arrived. With --skip-missing, this is not an error but 99: nothing to do.',
  });
}

function noneIfMissing(error: unknown): SourceFile[] {
  if (!isAriesError(error) || error.code !== 'NOT_FOUND' || error.details === NEVER_A_FILE) throw error;
  return [];
}

/** A url of the interval in a run that has none. */
export function noInterval(template: string): AriesError {
  return new AriesError(
    'CONFIG_INVALID',
    `${publicName(template)} stands for files of an interval, but the run has none`,
    {
      hint: 'Give it one with --interval-start and --interval-end, or read each file once with "incremental": true.',
    },
  );
}

/** Lists the files of one url. With a signal, files on web servers are asked for too. */
async function locateOne(url: string, buckets: Buckets, signal?: AbortSignal): Promise<SourceFile[]> {
  switch (schemeOf(url)) {
    case 's3':
      return s3Files(checked(url), await buckets.of(checked(url)));
    case 'http':
    case 'https': {
      const file = httpFile(checked(url));
      if (signal !== undefined) await probe(file, signal);
      return [file];
    }
    case undefined:
    case 'file':
      return localFiles(url);
    default:
      throw otherScheme(url);
  }
}

function refuseYoung(files: Iterable<SourceFile>, settle: number): void {
  if (settle === 0) return;
  for (const { name, modified } of files) {
    if (modified === undefined || isSettled(modified, settle)) continue;
    throw new AriesError('INPUT_NOT_READY', `${name} changed less than ${settle / 1000} seconds ago`, {
      hint: 'It may still be being written. Try again later; "settle" says how old a file must be.',
    });
  }
}

/** The error for a url of a scheme that no location has. */
export function otherScheme(url: string): AriesError {
  return new AriesError('CONFIG_INVALID', `files cannot be read from ${schemeOf(url)}://`, {
    hint: 'Use a path, file://, s3:// or https://.',
  });
}

/** Returns the scheme of a url; `undefined` for a path, even with a drive letter. */
export function schemeOf(url: string): string | undefined {
  return /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase();
}

/** Returns the path of a url, or a path unchanged. */
export function pathOf(url: string): string {
  return schemeOf(url) === undefined ? url : decoded(new URL(checked(url)).pathname);
}

/** Formats a url for messages, without credentials and query. */
export function publicName(url: string): string {
  return schemeOf(url) === undefined ? url : url.replace(/[?#].*$/s, '').replace(/\/\/[^/@]*@/, '//');
}

/** Returns a url unchanged. Throws `CONFIG_INVALID` if it is not one. */
export function checked(url: string): string {
  if (!URL.canParse(url))
    throw new AriesError('CONFIG_INVALID', `"${publicName(url)}" is not a url`, {
      hint: 'Write https://host/path or s3://bucket/key.',
    });
  return url;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
