import { createHash, randomBytes } from 'node:crypto';
import { encodeName } from '@aries-data/stores';
import type { DestinationConfig } from '../config.ts';

type Form = Pick<DestinationConfig, 'format' | 'compression'>;

/** The file that a target is: `cities.csv.gz`. */
export function fileName(target: string, form: Form): string {
  return `${encodeName(target)}${extension(form)}`;
}

/**
 * A name for a file that a load of this pipeline adds to a target: `cities-20261129T084248123Z-3fa9c1d27b60.csv.gz`. Names sort by the
 * time of loading, and no two are the same, so that one which is taken away later cannot be another load's.
 */
export function addedFileName(target: string, pipeline: string, form: Form, now = new Date()): string {
  const time = now.toISOString().replace(/[-:.]/g, '');
  return `${encodeName(target)}-${time}-${digestOf(pipeline)}${randomBytes(3).toString('hex')}${extension(form)}`;
}

/** Whether a load of this pipeline into this target may have begun a file of this name. */
export function isFileOf(name: string, target: string, pipeline: string, form: Form): boolean {
  if (name === fileName(target, form)) return true;
  const [start, end] = [`${encodeName(target)}-`, extension(form)];
  if (!name.startsWith(start) || !name.endsWith(end)) return false;
  const middle = name.slice(start.length, -end.length);
  return /^\d{8}T\d{9}Z-[0-9a-f]{12}$/.test(middle) && middle.slice(20, 26) === digestOf(pipeline);
}

/** Where the bytes of such a file wait on a disk; what else waits there is told from it by pipeline and target. */
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
