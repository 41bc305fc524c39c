import { AriesError, isAriesError, toAriesError } from '@aries-data/sdk';

/** Converts the error of a failed request. `what` is the URI of the object or the store. */
export function s3Error(error: unknown, what: string): AriesError {
  if (isAriesError(error)) return error;
  const named = error as Error;
  if (named.name === 'NoSuchBucket')
    return new AriesError('STAGING_INVALID', `${what}: the bucket does not exist`, {
      cause: error,
      hint: 'Create it, or correct the name.',
    });
  if (named.name === 'NoSuchKey') return new AriesError('NOT_FOUND', `${what}: no such object`, { cause: error });
  const known = toAriesError(error);
  return known.code === 'BUG'
    ? new AriesError('UNREACHABLE', `${what}: ${named.message}`, { cause: error })
    : new AriesError(known.code, `${what}: ${known.message}`, { cause: error, hint: known.hint });
}

/** Returns the HTTP status of a failed request. */
export function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}

/** Returns true if an upload no longer exists, because it was completed or aborted. */
export function isNoSuchUpload(error: unknown): boolean {
  return (error as Error).name === 'NoSuchUpload';
}

/** Makes the error for a store that ignores the condition of a write. */
export function ignoresConditions(root: string, cause?: unknown): AriesError {
  return new AriesError(
    'STAGING_INVALID',
    `${root} ignores conditional writes (If-None-Match), so two attempts could overwrite each other`,
    {
      cause,
      hint: 'Use a store that supports them: AWS S3, Ceph, MinIO and R2 do.',
    },
  );
}
