import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { AriesError, isAriesError, toAriesError } from '../errors.ts';
import { withoutTrailing } from '../without-trailing.ts';
import type { Store, StoredObject } from './store.ts';

// lib-storage holds part size × (queue + 2) in memory; 8 MiB × 10,000 parts is more than any part file.
const PART_BYTES = 8 * 1024 * 1024;
const QUEUE = 2;

/**
 * A store in anything that speaks S3. Region, credentials and endpoint come from the standard AWS variables and files
 * (`AWS_REGION`, `AWS_PROFILE`, `AWS_ENDPOINT_URL_S3`, …), or from the URI: `s3://bucket/prefix?endpoint=http://host:9000&region=eu-1`.
 * With an endpoint of its own a store is addressed by path unless `pathStyle=false`.
 */
export function s3Store(uri: string): Store {
  const { bucket, prefix, query, client } = parseS3Uri(uri);
  const keyOf = (key: string) => (prefix === '' ? key : `${prefix}/${key}`);
  const root = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`;

  async function explain<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw s3Error(error, root);
    }
  }

  return {
    uri: `${root}${query}`,
    uriOf: (key) => `${root}/${key}${query}`,

    async write(key, body, signal) {
      let bytes = 0;
      async function* counted() {
        for await (const chunk of body) {
          bytes += chunk.byteLength;
          yield chunk;
        }
      }
      const upload = new Upload({
        client,
        params: { Bucket: bucket, Key: keyOf(key), Body: Readable.from(counted(), { objectMode: false }) },
        partSize: PART_BYTES,
        queueSize: QUEUE,
      });
      const stop = () => void upload.abort();
      signal?.addEventListener('abort', stop, { once: true });
      try {
        await upload.done();
        const written = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: keyOf(key) }));
        if (written.ContentLength !== bytes) {
          throw new AriesError(
            'UNREACHABLE',
            `${root}/${key} was stored with ${written.ContentLength} bytes instead of ${bytes}`,
            { hint: 'Try again.' },
          );
        }
      } catch (error) {
        await upload.abort().catch(() => {});
        throw s3Error(error, root);
      } finally {
        signal?.removeEventListener('abort', stop);
      }
    },

    async writeIfAbsent(key, body) {
      for (let attempt = 1; ; attempt++) {
        try {
          await client.send(new PutObjectCommand({ Bucket: bucket, Key: keyOf(key), Body: body, IfNoneMatch: '*' }));
          return true;
        } catch (error) {
          const status = statusOf(error);
          if (status === 412) {
            // After a retry the object that is in the way may be our own, written by an answer that got lost.
            return (error as { $metadata?: { attempts?: number } }).$metadata?.attempts === 1 && attempt === 1
              ? false
              : Buffer.compare((await this.read(key)) ?? Buffer.alloc(0), Buffer.from(body)) === 0;
          }
          if (status === 409 && attempt < 5) continue; // another conditional write of this name is under way
          if (status === 501) throw ignoresConditions(root, error);
          throw s3Error(error, root);
        }
      }
    },

    async open(key) {
      const { Body } = await explain(client.send(new GetObjectCommand({ Bucket: bucket, Key: keyOf(key) })));
      return Body as Readable;
    },

    async read(key) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: keyOf(key) }));
        return Buffer.from(await Body!.transformToByteArray());
      } catch (error) {
        if ((error as Error).name === 'NoSuchKey') return null;
        throw s3Error(error, root);
      }
    },

    async *list(start): AsyncIterable<StoredObject> {
      let token: string | undefined;
      do {
        const page = await explain(
          client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: keyOf(start), ContinuationToken: token })),
        );
        for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
          yield {
            key: prefix === '' ? Key : Key.slice(prefix.length + 1),
            bytes: Size,
            modified: LastModified?.getTime() ?? 0,
          };
        }
        token = page.NextContinuationToken;
      } while (token !== undefined);
    },

    async remove(keys) {
      for (let at = 0; at < keys.length; at += 1000) {
        const Objects = keys.slice(at, at + 1000).map((key) => ({ Key: keyOf(key) }));
        const { Errors = [] } = await explain(
          client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } })),
        );
        if (Errors.length > 0)
          throw new AriesError(
            'NOT_ALLOWED',
            `${Errors.length} objects could not be deleted, the first is ${Errors[0]!.Key}: ${Errors[0]!.Message}`,
          );
      }
    },

    async check() {
      const key = `.check-${randomBytes(8).toString('hex')}`;
      try {
        await this.writeIfAbsent(key, Buffer.from('1'));
        // Other bytes, so that a store which keeps the second is told from one that refuses it.
        if (await this.writeIfAbsent(key, Buffer.from('2'))) throw ignoresConditions(root);
      } finally {
        await this.remove([key]).catch(() => {});
      }
    },

    async pendingUploads(start) {
      const { Uploads = [] } = await explain(
        client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: keyOf(start) })),
      );
      return Uploads.length;
    },

    async close() {
      client.destroy();
    },
  };
}

function parseS3Uri(uri: string) {
  const url = new URL(uri);
  const bucket = url.hostname;
  const prefix = withoutTrailing(decodeURIComponent(url.pathname).replace(/^\/+/, ''), '/');
  if (bucket === '')
    throw new AriesError('STAGING_INVALID', `"${uri}" names no bucket`, { hint: 'Write s3://bucket/prefix.' });
  const unknown = [...url.searchParams.keys()].filter((name) => !['endpoint', 'region', 'pathStyle'].includes(name));
  if (unknown.length > 0) {
    throw new AriesError('STAGING_INVALID', `"${uri}" has unknown options: ${unknown.join(', ')}`, {
      hint: 'Known are endpoint, region and pathStyle.',
    });
  }
  const endpoint = url.searchParams.get('endpoint') ?? undefined;
  const region = url.searchParams.get('region') ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  const ownEndpoint = endpoint ?? process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
  const config: S3ClientConfig = {
    forcePathStyle: url.searchParams.has('pathStyle')
      ? url.searchParams.get('pathStyle') === 'true'
      : ownEndpoint !== undefined,
    // The manifest carries a SHA-256 of every part; a second checksum would cost three quarters of the upload speed.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Stores other than AWS want a region but do not care which.
    ...(region !== undefined ? { region } : ownEndpoint !== undefined ? { region: 'us-east-1' } : {}),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
  return { bucket, prefix, query: url.search, client: new S3Client(config) };
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}

function ignoresConditions(root: string, cause?: unknown): AriesError {
  return new AriesError(
    'STAGING_INVALID',
    `${root} ignores conditional writes (If-None-Match), so two attempts could overwrite each other`,
    {
      cause,
      hint: 'Use a store that supports them: AWS S3, Ceph, MinIO and R2 do.',
    },
  );
}

function s3Error(error: unknown, root: string): AriesError {
  if (isAriesError(error)) return error;
  const named = error as Error;
  if (named.name === 'NoSuchBucket')
    return new AriesError('STAGING_INVALID', `${root}: the bucket does not exist`, {
      cause: error,
      hint: 'Create it, or correct the name.',
    });
  if (named.name === 'NoSuchKey') return new AriesError('NOT_FOUND', `${root}: no such object`, { cause: error });
  const known = toAriesError(error);
  return known.code === 'BUG'
    ? new AriesError('UNREACHABLE', `${root}: ${named.message}`, { cause: error })
    : new AriesError(known.code, `${root}: ${known.message}`, { cause: error, hint: known.hint });
}
