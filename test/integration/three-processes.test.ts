import { expect, inject, test } from 'vitest';
import { runAries } from '../../packages/cli/src/testing/run-aries.ts';
import { createBucket } from '../services/bucket.ts';
import { freshDatabase } from '../services/database.ts';
import { threeProcesses } from '../three-processes.ts';

const s3 = inject('s3');
const missing = s3.state === 'ready' ? false : s3.reason;

test.skipIf(missing)('file → select → Postgres as three processes, through a real S3 server', async () => {
  if (s3.state !== 'ready') return;
  await using database = await freshDatabase();
  const bucket = await createBucket(s3);
  const staging = `s3://${bucket}/some/prefix?endpoint=${encodeURIComponent(s3.endpoint)}&region=${s3.region}`;
  await threeProcesses({
    staging,
    databaseUrl: database.url,
    env: { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey },
  });
});

test.skipIf(missing)('S3 errors name the problem: the key, the bucket, the address', async () => {
  if (s3.state !== 'ready') return;
  const bucket = await createBucket(s3);
  const extract = async (uri: string, secret: string) => {
    const { code, result, stdout, stderr } = await runAries(
      ['extract', 'file', '--config', `{"url":"${import.meta.filename}","format":"ndjson"}`, '--staging', uri],
      {
        env: { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: secret },
      },
    );
    expect(stdout + stderr).not.toContain(secret);
    return { code, error: result.error.code };
  };
  const query = `?endpoint=${encodeURIComponent(s3.endpoint)}&region=${s3.region}`;
  expect(await extract(`s3://${bucket}${query}`, 'canary-wrong-secret')).toEqual({ code: 77, error: 'NOT_ALLOWED' });
  expect(await extract(`s3://no-such-bucket-here${query}`, s3.secretAccessKey)).toEqual({
    code: 78,
    error: 'STAGING_INVALID',
  });
  expect(await extract(`s3://${bucket}?endpoint=http://127.0.0.1:1&region=x`, s3.secretAccessKey)).toEqual({
    code: 75,
    error: 'UNREACHABLE',
  });
});
