import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { describe, expect, inject, test } from 'vitest';
import { runAries } from '../../packages/cli/src/testing/run-aries.ts';
import { createBucket, s3Client } from '../services/bucket.ts';

const s3 = inject('s3');

describe.skipIf(s3.state === 'missing')('aries doctor with a real S3 server', () => {
  if (s3.state !== 'ready') return void test('S3 is ready', () => expect(s3).toMatchObject({ state: 'ready' }));
  const env = { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey, AWS_REGION: s3.region };
  const uriOf = (bucket: string, endpoint = s3.endpoint) => `s3://${bucket}/a prefix?endpoint=${endpoint}`;
  const doctor = (staging: string, more: Record<string, string> = {}) =>
    runAries(['doctor', '--staging', staging], { env: { ...env, ...more } });

  test('everything works, including an interrupted upload, and nothing is left', async () => {
    const Bucket = await createBucket(s3);
    const { code, result } = await doctor(uriOf(Bucket));
    expect(result.findings.filter(({ status }: { status: string }) => status !== 'ok')).toEqual([]);
    expect(code).toBe(0);
    expect(result.findings).toContainEqual({
      check: 'staging broken-off write',
      status: 'ok',
      message: 'leaves nothing',
    });
    const client = s3Client(s3);
    expect((await client.send(new ListObjectsV2Command({ Bucket }))).Contents ?? []).toEqual([]);
    expect((await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? []).toEqual([]);
    client.destroy();
  });

  test('errors are told apart: no bucket 78, no access 77, no server 75', async () => {
    expect((await doctor(uriOf('no-such-bucket'))).result).toMatchObject({
      exitCode: 78,
      error: { code: 'STAGING_INVALID', hint: 'Create it, or correct the name.' },
    });
    const bucket = await createBucket(s3);
    expect((await doctor(uriOf(bucket), { AWS_SECRET_ACCESS_KEY: 'wrong' })).result).toMatchObject({
      exitCode: 77,
      error: { code: 'NOT_ALLOWED' },
    });
    expect((await doctor(uriOf(bucket, 'http://127.0.0.1:9'))).result).toMatchObject({
      exitCode: 75,
      error: { code: 'UNREACHABLE' },
    });
  });
});
