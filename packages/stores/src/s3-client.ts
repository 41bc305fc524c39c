import { AriesError } from '@aries-data/sdk';
import { withoutTrailing } from '@aries-data/sdk/internal';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';

/** When a server that does not answer is given up, in milliseconds. Each request is then tried again, three times in all. */
export interface S3Timeouts {
  /** Until a connection stands. */
  connection: number;
  /** Without a byte in either direction: before the answer, within its body, or while sending. A slow link is not idle. */
  idle: number;
}

export const S3_TIMEOUTS: S3Timeouts = { connection: 10_000, idle: 90_000 };

/** A bucket, the place in it, and the client that reaches it. */
export interface S3Place {
  client: S3Client;
  bucket: string;
  /** Without slashes at its ends; empty for the bucket itself. */
  prefix: string;
  /** The options of the URI, with their question mark. */
  query: string;
}

/** Reads `s3://bucket/prefix[?endpoint=…&region=…&pathStyle=true]`. Throws `STAGING_INVALID` for what it does not know. */
export function s3Place(uri: string, timeouts: S3Timeouts): S3Place {
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
    requestHandler: { connectionTimeout: timeouts.connection, socketTimeout: timeouts.idle },
    // Stores other than AWS want a region but do not care which.
    ...(region !== undefined ? { region } : ownEndpoint !== undefined ? { region: 'us-east-1' } : {}),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
  return { bucket, prefix, query: url.search, client: new S3Client(config) };
}
