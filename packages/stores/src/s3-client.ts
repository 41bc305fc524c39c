import { AriesError } from '@aries-data/sdk';
import { withoutTrailing } from '@aries-data/sdk/internal';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';

/** Timeouts of a request, in milliseconds. A request is sent up to three times. */
export interface S3Timeouts {
  /** Until a connection is established. */
  connection: number;
  /** Without a byte in either direction: before or within the response, or while sending. A slow connection is not idle. */
  idle: number;
}

export const S3_TIMEOUTS: S3Timeouts = { connection: 10_000, idle: 90_000 };

/** A prefix in a bucket, and its client. */
export interface S3Place {
  client: S3Client;
  bucket: string;
  /** Prefix without slashes at its ends. Empty for the bucket itself. */
  prefix: string;
  /** Options of the URI, with the question mark. */
  query: string;
}

/** Parses `s3://bucket/prefix[?endpoint=…&region=…&pathStyle=true]`. Throws `STAGING_INVALID` for anything else. */
export function s3Place(uri: string, timeouts: S3Timeouts): S3Place {
  const url = new URL(uri);
  const bucket = url.hostname;
  const prefix = withoutTrailing(decodeURIComponent(url.pathname).replace(/^\/+/, ''), '/');
  if (bucket === '')
    throw new AriesError('STAGING_INVALID', `"${uri}" names no bucket`, { hint: 'Write s3://bucket/prefix.' });
  const unknown = [...url.searchParams.keys()].filter((name) => !['endpoint', 'region', 'pathStyle'].includes(name));
  if (unknown.length > 0) {
    throw new AriesError('STAGING_INVALID', `"${uri}" has unknown options: ${unknown.join(', ')}`, {
      hint: 'Options are endpoint, region and pathStyle.',
    });
  }
  const endpoint = url.searchParams.get('endpoint') ?? undefined;
  const region = url.searchParams.get('region') ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  const ownEndpoint = endpoint ?? process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
  const config: S3ClientConfig = {
    forcePathStyle: url.searchParams.has('pathStyle')
      ? url.searchParams.get('pathStyle') === 'true'
      : ownEndpoint !== undefined,
    // The manifest has a SHA-256 of every part. A second checksum would cost three quarters of the upload speed.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: timeouts.connection, socketTimeout: timeouts.idle },
    // Stores other than AWS require a region, but any will do.
    ...(region !== undefined ? { region } : ownEndpoint !== undefined ? { region: 'us-east-1' } : {}),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
  return { bucket, prefix, query: url.search, client: new S3Client(config) };
}
