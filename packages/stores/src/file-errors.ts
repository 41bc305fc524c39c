import { AriesError, isAriesError } from '@aries-data/sdk';

const FULL = new Set(['ENOSPC', 'EDQUOT']);
const DENIED = new Set(['EACCES', 'EPERM', 'EROFS']);

/** Converts an error of the file system. Adds the path, which errors of open files lack. */
export function fileError(error: unknown, path: string): unknown {
  if (isAriesError(error)) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  if (FULL.has(code)) {
    return new AriesError('RESOURCE_BUSY', `There is no space for ${path}: ${message}`, {
      cause: error,
      hint: 'Free space on the disk (bytes and inodes) or raise the quota, then run it again.',
    });
  }
  if (DENIED.has(code)) {
    return new AriesError('NOT_ALLOWED', message.includes(path) ? message : `${path}: ${message}`, {
      cause: error,
      hint: 'Check the owner and the permissions of the folder, and that the disk is not mounted read-only.',
    });
  }
  return error;
}
