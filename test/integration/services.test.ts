import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createBucket, s3Client } from '../services/bucket.ts';
import { freshDatabase } from '../services/database.ts';
import { noService } from '../services/no-service.ts';
import { query } from '../services/query.ts';

const s3 = inject('s3');
const postgres15 = inject('postgres15');

describe('S3 (Ceph)', () => {
  if (s3.state !== 'ready') return noService('starts', s3);
  let client: S3Client;
  let Bucket: string;
  beforeAll(async () => {
    client = s3Client(s3);
    Bucket = await createBucket(s3);
  });
  afterAll(() => client.destroy());

  test('returns what was put', async () => {
    const Body = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
    await client.send(new PutObjectCommand({ Bucket, Key: 'folder/part é.bin', Body }));
    const { Body: body } = await client.send(new GetObjectCommand({ Bucket, Key: 'folder/part é.bin' }));
    expect(Buffer.from((await body?.transformToByteArray()) ?? []).equals(Body)).toBe(true);
  });

  test('writes an object only if it is absent', async () => {
    const once = (Body: string) => client.send(new PutObjectCommand({ Bucket, Key: 'once', Body, IfNoneMatch: '*' }));
    await once('first');
    await expect(once('second')).rejects.toMatchObject({
      name: 'PreconditionFailed',
      $metadata: { httpStatusCode: 412 },
    });
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'once' }));
    expect(await Body?.transformToString()).toBe('first');
  });

  test('of many concurrent writers of an absent object, one succeeds', async () => {
    const writes = Array.from({ length: 10 }, (_, i) =>
      client.send(new PutObjectCommand({ Bucket, Key: 'raced', Body: String(i), IfNoneMatch: '*' })),
    );
    const results = await Promise.allSettled(writes);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('an aborted multipart upload leaves nothing', async () => {
    const Key = 'aborted';
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const Body = Buffer.alloc(5 << 20);
    await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body }));
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket }));
    expect(uploads.Uploads ?? []).toEqual([]);
    const objects = await client.send(new ListObjectsV2Command({ Bucket, Prefix: Key }));
    expect(objects.Contents ?? []).toEqual([]);
  });
});

describe('PostgreSQL 15', () => {
  if (postgres15.state !== 'ready') return noService('starts', postgres15);

  test('runs independent databases', async () => {
    await using database = await freshDatabase(postgres15.url);
    const rows = await query(database.url, "SELECT current_setting('server_version_num')::int / 10000 AS version");
    expect(rows).toEqual([{ version: 15 }]);
  });

  test('refuses a wrong password', async () => {
    const url = new URL(postgres15.url);
    url.password = 'wrong';
    const client = new pg.Client({ connectionString: url.href });
    await expect(client.connect()).rejects.toMatchObject({ code: '28P01' });
  });
});
