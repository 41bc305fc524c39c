import { createHash, randomBytes } from 'node:crypto';
import { encodeName } from '@aries-data/stores';
import type { DestinationConfig } from '../config.ts';

type Form = Pick<DestinationConfig, 'format' | 'compression'>;

/** Returns the name of a target's file: `cities.csv.gz`. */
export function fileName(target: string, form: Form): string {
  return `${encodeName(target)}${extension(form)}`;
}

/**
 * Makes a name for a file that a load adds to a target: `cities-20261129T084248123Z-3fa9c1d27b60.csv.gz`. Names sort by load time.
 * Each is unique, so removing a file late can never hit another load's file.
 */
export function addedFileName(target: string, pipeline: string, form: Form, now = new Date()): string {
  const time = now.toISOString().replace(/[-:.]/g, '');
  return `${encodeName(target)}-${time}-${digestOf(pipeline)}${randomBytes(3).toString('hex')}${extension(form)}`;
}

/** True if a load of this pipeline into this target may have started a file of this name. */
export function isFileOf(name: string, target: string, pipeline: string, form: Form): boolean {
  if (name === fileName(target, form)) return true;
  const [start, end] = [`${encodeName(target)}-`, extension(form)];
  if (!name.startsWith(start) || !name.endsWith(end)) return false;
  const middle = name.slice(start.length, -end.length);
  return /^\d{8}T\d{9}Z-[0-9a-f]{12}$/.test(middle) && middle.slice(20, 26) === digestOf(pipeline);
}

/** Returns the temporary name of such a file on a disk, unique to pipeline and target. */
export function waitingName(target: string, pipeline: string, form: Form): string {
  return `_aries/load-${createHash('sha256')
    .update(JSON.stringify([pipeline, fileName(target, form)]))
    .digest('hex')
    .slice(0, 16)}`;
}

function digestOf(pipeline: string): string {
  return createHash('sha256').update(pipeline).digest('hex').slice(0, 6);
}

function extension({ format, compression }: Form): string {
  return `.${format}${compression === 'none' ? '' : `.${compression}`}`;
}
