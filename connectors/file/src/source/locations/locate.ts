import { AriesError } from '@aries-data/sdk';
import { httpFile } from './http.ts';
import { localFiles } from './local.ts';
import { s3Files } from './s3.ts';
import type { Located, SourceFile } from './source-file.ts';

/** Lists the files of all urls, each once, sorted by name. Throws `NOT_FOUND` for a url that matches nothing. */
export async function locate(url: string | readonly string[]): Promise<Located> {
  const files = new Map<string, SourceFile>();
  const opened: Located[] = [];
  const close = async () => {
    for (const one of opened) await one.close();
  };
  try {
    for (const one of typeof url === 'string' ? [url] : url) {
      const located = await locateOne(one);
      opened.push(located);
      if (located.files.length === 0) {
        throw new AriesError('NOT_FOUND', `no file matches ${publicName(one)}`, {
          hint: 'Check the pattern in the url.',
        });
      }
      for (const file of located.files) files.set(file.id, file);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { files: [...files.values()].sort((a, b) => compareTexts(a.name, b.name) || compareTexts(a.id, b.id)), close };
}

async function locateOne(url: string): Promise<Located> {
  const scheme = schemeOf(url);
  switch (scheme) {
    case 's3':
      return s3Files(checked(url));
    case 'http':
    case 'https':
      return local([httpFile(checked(url))]);
    case undefined:
    case 'file':
      return local(await localFiles(url));
    default:
      throw new AriesError('CONFIG_INVALID', `files cannot be read from ${scheme}://`, {
        hint: 'Use a path, file://, s3:// or https://.',
      });
  }
}

/** Compares by code point, as file systems and S3 do. JavaScript compares UTF-16 code units, which differs after U+D7FF. */
function compareTexts(a: string, b: string): number {
  if (PAST_D7FF.test(a) && PAST_D7FF.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

const PAST_D7FF = /[\ud800-\uffff]/;

function local(files: SourceFile[]): Located {
  return { files, close: async () => {} };
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
function publicName(url: string): string {
  return schemeOf(url) === undefined ? url : url.replace(/[?#].*$/s, '').replace(/\/\/[^/@]*@/, '//');
}

function checked(url: string): string {
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
