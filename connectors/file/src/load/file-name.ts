import { encodeName } from '@aries-data/sdk';
import type { DestinationConfig } from '../config.ts';

type Form = Pick<DestinationConfig, 'format' | 'compression'>;

/** The file that a target is: `cities.csv.gz`. */
export function fileName(target: string, form: Form): string {
  return `${encodeName(target)}${extension(form)}`;
}

/** The file that one dataset adds to a target: `cities-1f0c9a3e.csv.gz`. The same dataset has the same name again. */
export function addedFileName(target: string, digest: string, form: Form): string {
  return `${encodeName(target)}-${digest.replace(/^sha256-/, '').slice(0, 8)}${extension(form)}`;
}

function extension({ format, compression }: Form): string {
  return `.${format}${compression === 'none' ? '' : `.${compression}`}`;
}
