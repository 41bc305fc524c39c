import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { AriesError } from '@aries-data/sdk';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { resumedBody } from './resumed-body.ts';
import { S3_TIMEOUTS, type S3Timeouts, s3Place } from './s3-client.ts';
import { ignoresConditions, isNoSuchUpload, s3Error, statusOf } from './s3-errors.ts';
import {
  abortUpload,
  completeUpload,
  openUpload,
  openUploads,
  PART_BYTES,
  type S3Object,
  type S3Upload,
  SENT_AT_ONCE,
  takenAway,
  uploadPartsOf,
} from './s3-upload.ts';
import type { OpenObject, Store, StoredObject, UnfinishedWrite } from './store.ts';

/**
 * Opens a store in any service with the S3 API. Region, credentials and endpoint come from the standard AWS variables and files
 * (`AWS_REGION`, `AWS_PROFILE`, `AWS_ENDPOINT_URL_S3`, …), or from the URI: `s3://bucket/prefix?endpoint=http://host:9000&region=eu-1`.
 * With an endpoint, it uses path-style addressing unless `pathStyle=false`.
 */
export function s3Store(uri: string, timeouts: S3Timeouts = S3_TIMEOUTS): Store {
  const { bucket: Bucket, prefix, query, client } = s3Place(uri, timeouts);
  const root = `s3://${Bucket}${prefix === '' ? '' : `/${prefix}`}`;
  const keyOf = (key: string) => (prefix === '' ? key : `${prefix}/${key}`);
  const nameOf = (key: string) => (prefix === '' ? key : key.slice(prefix.length + 1));
  const objectOf = (key: string): S3Object => ({ client, bucket: Bucket, key: keyOf(key) });

  /** Runs requests. An error names the object, or the store without a key. */
  async function named<T>(key: string | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw s3Error(error, key === undefined ? root : `${root}/${key}`);
    }
  }

  /** Runs requests that send a body. If the body fails, its own error is thrown. */
  async function namedBody<T>(
    key: string,
    body: AsyncIterable<Uint8Array>,
    work: (body: AsyncIterable<Uint8Array>) => Promise<T>,
  ): Promise<T> {
    let broken: { error: unknown } | undefined;
    async function* watched() {
      try {
        yield* body;
      } catch (error) {
        broken = { error };
        throw error;
      }
    }
    try {
      return await work(watched());
    } catch (error) {
      throw broken === undefined ? s3Error(error, `${root}/${key}`) : broken.error;
    }
  }

  /** Throws `UNREACHABLE` unless the object exists with this many bytes. */
  async function checkLength(key: string, bytes: number): Promise<void> {
    const { ContentLength } = await client.send(new HeadObjectCommand({ Bucket, Key: keyOf(key) }));
    if (ContentLength === bytes) return;
    throw new AriesError('UNREACHABLE', `${root}/${key} was stored with ${ContentLength} bytes instead of ${bytes}`, {
      hint: 'Try again.',
    });
  }

  async function write(key: string, body: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
    let bytes = 0;
    async function* counted() {
      for await (const chunk of body) {
        bytes += chunk.byteLength;
        yield chunk;
      }
    }
    const upload = new Upload({
      client,
      params: { Bucket, Key: keyOf(key), Body: Readable.from(counted(), { objectMode: false }) },
      partSize: PART_BYTES,
      queueSize: SENT_AT_ONCE,
    });
    const stop = () => void upload.abort();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      signal?.throwIfAborted();
      await upload.done();
    } catch (error) {
      await upload.abort().catch(() => {});
      if (!isNoSuchUpload(error)) throw error;
      // Either our own first attempt completed it and the response was lost, or another attempt aborted it.
      await checkLength(key, bytes).catch(() => {
        throw takenAway(keyOf(key), error);
      });
    } finally {
      signal?.removeEventListener('abort', stop);
    }
    await checkLength(key, bytes);
  }

  async function writeIfAbsent(key: string, body: Uint8Array): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      try {
        await client.send(new PutObjectCommand({ Bucket, Key: keyOf(key), Body: body, IfNoneMatch: '*' }));
        return true;
      } catch (error) {
        const status = statusOf(error);
        if (status === 412) {
          // After a retry, the existing object may be our own, if the response was lost.
          return (error as { $metadata?: { attempts?: number } }).$metadata?.attempts === 1 && attempt === 1
            ? false
            : Buffer.compare((await read(key)) ?? Buffer.alloc(0), Buffer.from(body)) === 0;
        }
        if (status === 409 && attempt < 5) continue; // another conditional write of this name is in progress
        if (status === 501) throw ignoresConditions(root, error);
        throw error;
      }
    }
  }

  function writtenAnew(key: string, cause?: unknown): AriesError {
    return new AriesError('RESOURCE_BUSY', `${root}/${key} was overwritten while it was being read`, {
      cause,
      hint: 'Read it again once it is no longer being written.',
    });
  }

  /** Reads an object from its start. If it breaks off, requests the rest, as long as the object has not changed. */
  async function bodyOf(key: string): Promise<{ body: AsyncIterable<Uint8Array>; version: string }> {
    const response = await client.send(new GetObjectCommand({ Bucket, Key: keyOf(key) }));
    const { Body, ETag, ContentLength, LastModified } = response;
    async function reopen(from: number): Promise<{ body: AsyncIterable<Uint8Array>; offset: number }> {
      try {
        const range = from === 0 ? {} : { Range: `bytes=${from}-` };
        const again = await client.send(new GetObjectCommand({ Bucket, Key: keyOf(key), IfMatch: ETag, ...range }));
        // Some servers ignore the condition.
        if (again.ETag !== ETag) throw writtenAnew(key);
        return { body: again.Body as Readable, offset: again.ContentRange === undefined ? 0 : from };
      } catch (error) {
        const status = statusOf(error);
        // All bytes had arrived; only the end was missing.
        if (status === 416) return { body: Readable.from([]), offset: from };
        if (status !== 412) throw s3Error(error, `${root}/${key}`);
        throw writtenAnew(key, error);
      }
    }
    return {
      body: resumedBody(Body as Readable, { name: `${root}/${key}`, reopen }),
      version: versionOf(ETag, ContentLength, LastModified),
    };
  }

  function openVersion(key: string): Promise<OpenObject> {
    return named(key, async () => {
      const { body, version } = await bodyOf(key);
      return { body: Readable.from(body, { objectMode: false }), version };
    });
  }

  async function read(key: string): Promise<Buffer | null> {
    try {
      const chunks: Uint8Array[] = [];
      for await (const chunk of (await bodyOf(key)).body) chunks.push(chunk);
      return Buffer.concat(chunks);
    } catch (error) {
      if ((error as Error).name === 'NoSuchKey') return null;
      throw error;
    }
  }

  async function* list(start: string): AsyncIterable<StoredObject> {
    let token: string | undefined;
    do {
      const page = await named(undefined, () =>
        client.send(new ListObjectsV2Command({ Bucket, Prefix: keyOf(start), ContinuationToken: token })),
      );
      for (const { Key = '', Size = 0, LastModified, ETag } of page.Contents ?? []) {
        const modified = LastModified?.getTime() ?? 0;
        yield { key: nameOf(Key), bytes: Size, modified, version: versionOf(ETag, Size, LastModified) };
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  async function* folders(folder: string): AsyncIterable<string> {
    const Prefix = keyOf(folder === '' ? '' : `${folder}/`);
    let token: string | undefined;
    do {
      const page = await named(undefined, () =>
        client.send(new ListObjectsV2Command({ Bucket, Prefix, Delimiter: '/', ContinuationToken: token })),
      );
      for (const { Prefix: found = '' } of page.CommonPrefixes ?? []) yield found.slice(Prefix.length, -1);
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  async function remove(keys: readonly string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += 1000) {
      const Objects = keys.slice(at, at + 1000).map((key) => ({ Key: keyOf(key) }));
      const { Errors = [] } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
      if (Errors.length > 0)
        throw new AriesError(
          'NOT_ALLOWED',
          `${Errors.length} objects could not be deleted, the first is ${Errors[0]!.Key}: ${Errors[0]!.Message}`,
        );
    }
  }

  async function unfinished(start: string): Promise<UnfinishedWrite[]> {
    const uploads = await openUploads({ client, bucket: Bucket }, keyOf(start));
    return uploads.map(({ key, upload, started }) => {
      const name = nameOf(key);
      return { name, ticket: ticketOf({ key: name, upload, etags: [] }), modified: started };
    });
  }

  return {
    uri: `${root}${query}`,
    uriOf: (key) => `${root}/${key}${query}`,
    write: (key, body, signal) => namedBody(key, body, (watched) => write(key, watched, signal)),
    writeIfAbsent: (key, body) => named(key, () => writeIfAbsent(key, body)),

    prepare: ({ key }, body, signal) =>
      namedBody(key, body, async (watched) =>
        ticketOf({ key, ...(await openUpload(objectOf(key), uploadPartsOf(watched), signal)) }),
      ),

    publish(ticket) {
      const { key, ...upload } = parseTicket(ticket);
      return named(key, () => completeUpload(objectOf(key), upload));
    },

    async discard(tickets) {
      for (const { key, upload } of tickets.map(parseTicket)) {
        await named(key, () => abortUpload(objectOf(key), upload));
      }
    },

    unfinished: (start) => named(undefined, () => unfinished(start)),
    open: async (key) => (await openVersion(key)).body,
    openVersion,
    read: (key) => named(key, () => read(key)),
    list,
    folders,
    remove: (keys) => named(undefined, () => remove(keys)),

    async check() {
      const key = `.check-${randomBytes(8).toString('hex')}`;
      try {
        await this.writeIfAbsent(key, Buffer.from('1'));
        // Different bytes, to distinguish a store that keeps the second from one that refuses it.
        if (await this.writeIfAbsent(key, Buffer.from('2'))) throw ignoresConditions(root);
      } finally {
        await this.remove([key]).catch(() => {});
      }
    },

    async close() {
      client.destroy();
    },
  };
}

/** Returns the ETag and the size; for a server without ETags, the time of the last change to a second, as headers give it. */
function versionOf(etag: string | undefined, bytes = 0, modified?: Date): string {
  return `${bytes}-${etag?.replaceAll('"', '') ?? Math.floor((modified?.getTime() ?? 0) / 1000)}`;
}

/** An upload whose parts were sent, and its final name. */
type Ticket = S3Upload & { key: string };

function ticketOf(ticket: Ticket): string {
  return JSON.stringify(ticket);
}

function parseTicket(text: string): Ticket {
  const { key, upload, etags } = JSON.parse(text) as Partial<Ticket>;
  if (typeof key === 'string' && typeof upload === 'string' && Array.isArray(etags)) return { key, upload, etags };
  throw new AriesError('DATASET_CORRUPT', `${text} does not name an upload that Aries prepared`);
}
