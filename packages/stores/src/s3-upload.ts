import { AriesError } from '@aries-data/sdk';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { isNoSuchUpload } from './s3-errors.ts';

/** Size of a part in bytes. An upload has at most 10,000 parts, so later ones are larger: about 350 GB in total. */
export const PART_BYTES = 8 * 1024 * 1024;
const SMALL_PARTS = 5000;
const LATER_PART_BYTES = 64 * 1024 * 1024;

/** The most parts being sent, in addition to the one being filled. */
export const SENT_AT_ONCE = 2;

export interface S3Object {
  client: S3Client;
  bucket: string;
  /** Full key, with the prefix. */
  key: string;
}

/** An upload with all its parts, ready to be completed. */
export interface S3Upload {
  upload: string;
  etags: string[];
}

/** Cuts a body into the parts of an upload. All but the last have the same size, as some servers require. */
export async function* uploadPartsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let count = 0;
  let part = Buffer.allocUnsafeSlow(PART_BYTES);
  let filled = 0;
  for await (const chunk of body) {
    for (let at = 0; at < chunk.byteLength; ) {
      const end = Math.min(chunk.byteLength, at + part.length - filled);
      part.set(chunk.subarray(at, end), filled);
      filled += end - at;
      at = end;
      if (filled < part.length) continue;
      yield part;
      part = Buffer.allocUnsafeSlow(++count < SMALL_PARTS ? PART_BYTES : LATER_PART_BYTES);
      filled = 0;
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}

/**
 * Sends parts and leaves the upload open, so that nothing is visible before it is completed. (lib-storage completes an upload when its
 * body ends.) Without parts, it sends an empty one. On failure the upload is aborted.
 */
export async function openUpload(
  object: S3Object,
  parts: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<S3Upload> {
  const { client, bucket: Bucket, key: Key } = object;
  const { UploadId = '' } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const etags: string[] = [];
  const sending = new Set<Promise<void>>();
  const stop = new AbortController();
  let failure: unknown;

  function send(Body: Uint8Array): void {
    const index = etags.push('') - 1;
    const command = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: index + 1, Body });
    const abortSignal = signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]);
    const sent = client
      .send(command, { abortSignal })
      .then(
        ({ ETag = '' }) => {
          etags[index] = ETag;
        },
        (error) => {
          failure ??= error;
        },
      )
      .finally(() => sending.delete(sent));
    sending.add(sent);
  }

  try {
    for await (const part of parts) {
      signal?.throwIfAborted();
      send(part);
      while (sending.size >= SENT_AT_ONCE) await Promise.race(sending);
      if (failure !== undefined) throw failure;
    }
    if (etags.length === 0) send(new Uint8Array(0));
    await Promise.all(sending);
    signal?.throwIfAborted();
    if (failure !== undefined) throw failure;
    return { upload: UploadId, etags };
  } catch (error) {
    stop.abort();
    await Promise.all(sending);
    await abortUpload(object, UploadId).catch(() => {});
    throw isNoSuchUpload(error) ? takenAway(Key, error) : error;
  }
}

/** Makes the error for an upload that another attempt aborted, because it has committed the same step. */
export function takenAway(key: string, cause: unknown): AriesError {
  return new AriesError(
    'ATTEMPT_CONFLICT',
    `The upload of ${key} was aborted before it was complete: another attempt has finished the same step`,
    { cause, hint: 'Run it again to get the result of the other attempt.' },
  );
}

/** Completes an upload. Returns false if it was already completed or aborted. */
export async function completeUpload(object: S3Object, { upload: UploadId, etags }: S3Upload): Promise<boolean> {
  const { client, bucket: Bucket, key: Key } = object;
  const Parts = etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 }));
  try {
    await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
    return true;
  } catch (error) {
    if (isNoSuchUpload(error)) return false;
    // Ceph returns 500, "already in progress", for an upload that no longer exists.
    const isOpen = await openUploads(object, Key).then(
      (uploads) => uploads.some(({ upload }) => upload === UploadId),
      () => true,
    );
    if (isOpen) throw error;
    return false;
  }
}

/** Lists the uploads under a prefix of full keys that are neither completed nor aborted. */
export async function openUploads(
  { client, bucket: Bucket }: Pick<S3Object, 'client' | 'bucket'>,
  prefix: string,
): Promise<{ key: string; upload: string; started: number }[]> {
  const uploads: { key: string; upload: string; started: number }[] = [];
  for (let markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {}; ; ) {
    const page = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: prefix, ...markers }));
    for (const { Key = '', UploadId = '', Initiated } of page.Uploads ?? []) {
      // Some servers ignore the prefix. An upload whose server does not tell its age counts as new, so that nothing aborts it as old.
      const started = Initiated?.getTime() ?? Date.now();
      if (Key.startsWith(prefix)) uploads.push({ key: Key, upload: UploadId, started });
    }
    if (page.IsTruncated !== true || page.NextKeyMarker === undefined) return uploads;
    markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
}

/** Aborts an upload. Does nothing if it was completed or aborted. */
export async function abortUpload({ client, bucket: Bucket, key: Key }: S3Object, UploadId: string): Promise<void> {
  try {
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  } catch (error) {
    if (!isNoSuchUpload(error)) throw error;
  }
}
