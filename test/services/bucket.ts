import { randomBytes } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';

/** The settings for reaching an S3 server. */
export interface S3Connection {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** Makes a client for that server. */
export function s3Client({ endpoint, region, accessKeyId, secretAccessKey }: S3Connection): S3Client {
  return new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
}

/** Creates a bucket, with a random name by default, and returns its name. */
export async function createBucket(
  connection: S3Connection,
  name = `test-${randomBytes(6).toString('hex')}`,
): Promise<string> {
  const client = s3Client(connection);
  try {
    await client.send(new CreateBucketCommand({ Bucket: name }));
  } finally {
    client.destroy();
  }
  return name;
}
