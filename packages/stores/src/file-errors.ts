import { AriesError, isAriesError } from '@aries-data/sdk';

const FULL = new Set(['ENOSPC', 'EDQUOT']);
const DENIED = new Set(['EACCES', 'EPERM', 'EROFS']);

/** What a failure of the file system means to whoever runs a step. The path is named: system calls on open files leave it out. */
export function fileError(error: unknown, path: string): unknown {
  if (isAriesError(error)) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  if (FULL.has(code)) {
    return new AriesError('RESOURCE_BUSY', `There is no room for ${path}: ${message}`, {
      cause: error,
      hint: 'Make room on the disk (bytes and inodes) or raise the quota, then run it again.',
    });
  }
  if (DENIED.has(code)) {
    return new AriesError('NOT_ALLOWED', message.includes(path) ? message : `${path}: ${message}`, {
      cause: error,
      hint: 'Check who owns the folder, its permissions, and that the disk is not mounted read-only.',
    });
  }
  return error;
}
