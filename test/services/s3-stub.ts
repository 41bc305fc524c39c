import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request, as passed to the function that chooses faults. */
export interface StubRequest {
  /** The operation's name in the S3 API. */
  operation: string;
  key: string;
  /** How often this operation has been requested, including this time. */
  count: number;
  headers: IncomingMessage['headers'];
}

/** A fault to simulate. */
export type Fault =
  /** Never answers. */
  | 'hang'
  /** Does nothing and resets the connection. */
  | 'reset'
  /** Executes the request and resets the connection before the response. */
  | 'lose-answer'
  /** Breaks off or stalls the response's body after this many bytes. */
  | { after: number; how: 'reset' | 'stall' }
  | { status: number; code: string };

/** An S3 server in memory that fails on request. Real behaviour is tested against Ceph. */
export interface S3Stub extends AsyncDisposable {
  /** The bucket, which always exists. */
  uri(prefix: string): string;
  readonly objects: Map<string, Buffer>;
  /** Lists uploads that are neither completed nor aborted. */
  uploads(): string[];
  /** All requests, as `GetObject key`. */
  readonly requests: string[];
  fault: (request: StubRequest) => Fault | undefined;
  /** True if ranges are supported. */
  ranges: boolean;
}

interface Upload {
  key: string;
  parts: Map<number, Buffer>;
  started: Date;
}

interface Answer {
  status: number;
  body?: Buffer | string;
  headers?: Record<string, string>;
}

const etagOf = (body: Buffer) => `"${createHash('md5').update(body).digest('hex')}"`;
const failed = (status: number, code: string): Answer => ({
  status,
  body: `<Error><Code>${code}</Code><Message>${code}</Message></Error>`,
});
const escaped = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

export async function startS3Stub(): Promise<S3Stub> {
  const objects = new Map<string, Buffer>();
  const uploads = new Map<string, Upload>();
  const counts = new Map<string, number>();
  const requests: string[] = [];

  const server = createServer(async (request, response) => {
    const body = await bodyOf(request).catch(() => undefined);
    if (body === undefined) return;
    const url = new URL(request.url ?? '/', 'http://stub');
    const key = decodeURIComponent(url.pathname).split('/').slice(2).join('/');
    const operation = operationOf(request.method ?? '', key, url.searchParams);
    const count = (counts.get(operation) ?? 0) + 1;
    counts.set(operation, count);
    requests.push(`${operation} ${key}`);
    const fault = stub.fault({ operation, key, count, headers: request.headers });
    if (fault === 'hang') return;
    if (fault === 'reset') return void request.socket.resetAndDestroy();
    const given = typeof fault === 'object' && 'status' in fault ? failed(fault.status, fault.code) : undefined;
    const answer = given ?? answerTo(operation, key, url.searchParams, request.headers, body);
    if (fault === 'lose-answer') return void request.socket.resetAndDestroy();
    send(request, response, answer, typeof fault === 'object' && 'after' in fault ? fault : undefined);
  });

  function answerTo(
    operation: string,
    key: string,
    query: URLSearchParams,
    headers: IncomingMessage['headers'],
    body: Buffer,
  ): Answer {
    const found = objects.get(key);
    const upload = uploads.get(query.get('uploadId') ?? '');
    switch (operation) {
      case 'PutObject':
        if (headers['if-none-match'] === '*' && found !== undefined) return failed(412, 'PreconditionFailed');
        objects.set(key, body);
        return { status: 200, headers: { etag: etagOf(body) } };
      case 'HeadObject':
        if (found === undefined) return { status: 404 };
        return { status: 200, body: found, headers: { etag: etagOf(found) } };
      case 'GetObject': {
        if (found === undefined) return failed(404, 'NoSuchKey');
        const etag = etagOf(found);
        if (headers['if-match'] !== undefined && headers['if-match'] !== etag) return failed(412, 'PreconditionFailed');
        const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
        if (from === 0 || !stub.ranges) return { status: 200, body: found, headers: { etag } };
        const range = `bytes ${from}-${found.length - 1}/${found.length}`;
        return { status: 206, body: found.subarray(from), headers: { etag, 'content-range': range } };
      }
      case 'DeleteObjects':
        for (const [, name] of body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)) objects.delete(name!);
        return { status: 200, body: '<DeleteResult/>' };
      case 'ListObjectsV2': {
        const names = [...objects.keys()].filter((name) => name.startsWith(query.get('prefix') ?? '')).sort();
        const contents = names.map(
          (name) => `<Contents><Key>${escaped(name)}</Key><Size>${objects.get(name)!.length}</Size></Contents>`,
        );
        return { status: 200, body: `<ListBucketResult>${contents.join('')}</ListBucketResult>` };
      }
      case 'CreateMultipartUpload': {
        const id = randomUUID();
        uploads.set(id, { key, parts: new Map(), started: new Date() });
        return {
          status: 200,
          body: `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
        };
      }
      case 'ListMultipartUploads': {
        const listed = [...uploads].map(
          ([id, { key: name, started }]) =>
            `<Upload><Key>${escaped(name)}</Key><UploadId>${id}</UploadId><Initiated>${started.toISOString()}</Initiated></Upload>`,
        );
        return { status: 200, body: `<ListMultipartUploadsResult>${listed.join('')}</ListMultipartUploadsResult>` };
      }
      default:
        if (upload === undefined) return failed(404, 'NoSuchUpload');
    }
    switch (operation) {
      case 'UploadPart':
        upload!.parts.set(Number(query.get('partNumber')), body);
        return { status: 200, headers: { etag: etagOf(body) } };
      case 'CompleteMultipartUpload': {
        const numbers = [...body.toString().matchAll(/<PartNumber>(\d+)</g)].map(([, number]) => Number(number));
        objects.set(upload!.key, Buffer.concat(numbers.map((number) => upload!.parts.get(number)!)));
        uploads.delete(query.get('uploadId')!);
        return { status: 200, body: '<CompleteMultipartUploadResult/>' };
      }
      default:
        uploads.delete(query.get('uploadId')!);
        return { status: 204 };
    }
  }

  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const stub: S3Stub = {
    uri: (prefix) => `s3://bucket/${prefix}?endpoint=http://127.0.0.1:${port}`,
    objects,
    uploads: () => [...uploads.values()].map(({ key }) => key).sort(),
    requests,
    fault: () => undefined,
    ranges: true,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
  return stub;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function operationOf(method: string, key: string, query: URLSearchParams): string {
  const isUpload = query.has('uploadId');
  if (key === '' && method === 'GET') return query.has('uploads') ? 'ListMultipartUploads' : 'ListObjectsV2';
  if (method === 'POST')
    return query.has('delete') ? 'DeleteObjects' : isUpload ? 'CompleteMultipartUpload' : 'CreateMultipartUpload';
  if (method === 'PUT') return isUpload ? 'UploadPart' : 'PutObject';
  if (method === 'DELETE') return 'AbortMultipartUpload';
  return method === 'HEAD' ? 'HeadObject' : 'GetObject';
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, body = '', headers = {} }: Answer,
  broken: { after: number; how: 'reset' | 'stall' } | undefined,
): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, 'content-length': bytes.length });
  if (request.method === 'HEAD' || broken === undefined) return void response.end(bytes);
  response.write(bytes.subarray(0, broken.after), () => {
    if (broken.how === 'reset') request.socket.end();
  });
}
