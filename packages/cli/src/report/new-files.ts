import { styleText } from 'node:util';

/** What `aries new` has written: a part of the contract. */
export interface NewFiles {
  ok: true;
  name: string;
  /** Connectors only. */
  template?: string;
  folder: string;
  files: string[];
  /** Whether there is a lock file beside them. */
  lockFile: boolean;
  /** The commands to run next, in order. */
  next: string[];
}

/** The same for people. */
export function presentNew({ folder, files, lockFile, next }: NewFiles): string {
  const written = [...files, ...(lockFile ? ['package-lock.json'] : [])];
  return [
    `${styleText('green', '✔')} ${styleText('bold', folder)}`,
    ...written.map((file) => `  ${styleText('dim', file)}`),
    '',
    'Next:',
    ...next.map((command) => `  ${styleText('cyan', command)}`),
  ].join('\n');
}
