import { styleText } from 'node:util';

/** The result of `aries new`: a part of the contract. */
export interface NewFiles {
  ok: true;
  name: string;
  /** Connectors only. */
  template?: string;
  folder: string;
  files: string[];
  /** True if a lock file was written next to them. */
  lockFile: boolean;
  /** The commands to run next, in order. */
  next: string[];
}

/** Formats it for people. */
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
