import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { fixture, type RunOptions, runAries } from '../packages/cli/src/testing/run-aries.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';
import { freshDatabase } from './services/database.ts';

const folder = () => temporaryFolder();

async function extract(config: object, options: RunOptions, ...more: string[]) {
  const staging = join(await folder(), 'staging');
  const args = ['extract', fixture('numbers'), '--name', 'shop', '--run-id', 'monday', '--staging', staging, ...more];
  return runAries([...args, '--config', JSON.stringify(config)], options);
}

/** Stops a run once it has started to read. */
function stopWhenReading(): RunOptions {
  let sent = false;
  return {
    onOutput(text, kill) {
      if (!sent && text.includes('reading')) kill('SIGTERM');
      sent ||= text.includes('reading');
    },
  };
}

describe.concurrent('--metrics-file', () => {
  test.each([
    ['success', { count: 3 }, {}, 0],
    ['failure', { count: 3, do: 'throw' }, {}, 70],
    ['an exit from within', { count: 3, do: 'exit' }, {}, 70],
    ['a signal', { count: 1, do: 'slow' }, stopWhenReading(), 143],
  ])('holds how the run ended: %s', async (_, config, options, exitCode) => {
    const file = join(await folder(), 'shop.prom');
    const { code } = await extract(config, { ...options, env: { ARIES_METRICS_FILE: file } });
    expect(code).toBe(exitCode);
    const text = await readFile(file, 'utf8');
    expect(text).toContain(`aries_run_exit_code{name="shop",command="extract"} ${exitCode}\n`);
    expect(text).toContain('aries_run_active{name="shop",command="extract"} 0\n');
    if (exitCode === 0)
      expect(text).toContain(
        'aries_stream_records_total{name="shop",command="extract",step="extract",stream="numbers"} 3\n',
      );
  });

  test('it reports an invalid config and invalid arguments', async () => {
    const file = join(await folder(), 'shop.prom');
    expect((await extract({ cuont: 3 }, {}, '--metrics-file', file)).code).toBe(78);
    expect(await readFile(file, 'utf8')).toContain('aries_run_exit_code{name="shop",command="extract"} 78\n');
    expect((await extract({ count: 3 }, {}, '--metrics-file', file, '--nope')).code).toBe(2);
    expect(await readFile(file, 'utf8')).toContain('aries_run_exit_code{name="shop",command="extract"} 2\n');
  });
});

/** Starts a collector that stores what it receives, or never answers. */
async function collector(answer = true) {
  const requests: { path: string; type: string | undefined; headers: IncomingMessage['headers']; body: Buffer }[] = [];
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    requests.push({ path: request.url ?? '', type: request.headers['content-type'], headers: request.headers, body });
    if (answer) response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    json: (path: string) => requests.filter((one) => one.path === path).map(({ body }) => JSON.parse(body.toString())),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

interface Attribute {
  key: string;
  value: Record<string, unknown>;
}
const attributesOf = (attributes: Attribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

describe.concurrent('OpenTelemetry', () => {
  test('one span for the command and one for its step, under the parent set by the scheduler', async () => {
    await using otel = await collector();
    const { code } = await extract(
      { count: 3 },
      {
        env: {
          OTEL_EXPORTER_OTLP_ENDPOINT: otel.endpoint,
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
          OTEL_EXPORTER_OTLP_HEADERS: 'x-team=data',
          OTEL_SERVICE_NAME: 'nightly',
          OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
          TRACEPARENT: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        },
      },
    );
    expect(code).toBe(0);
    const traces = otel.json('/v1/traces');
    const [{ resource }] = traces.flatMap(({ resourceSpans }) => resourceSpans);
    expect(attributesOf(resource.attributes)).toMatchObject({
      'service.name': 'nightly',
      'service.version': expect.any(String),
      'deployment.environment.name': 'test',
    });
    const spans = traces
      .flatMap(({ resourceSpans }) => resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans)
      .flatMap(({ spans: some }) => some);
    const command = spans.find(({ name }) => name === 'aries extract');
    const step = spans.find(({ name }) => name === 'extract');
    expect(command).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c', parentSpanId: 'b7ad6b7169203331' });
    expect(step).toMatchObject({ traceId: command.traceId, parentSpanId: command.spanId });
    expect(attributesOf(command.attributes)).toMatchObject({
      'aries.name': 'shop',
      'aries.run_id': 'monday',
      'process.exit.code': 0,
    });
    expect(attributesOf(step.events[0].attributes)).toMatchObject({ 'aries.stream': 'numbers', 'aries.records': 3 });
    expect(BigInt(step.endTimeUnixNano) >= BigInt(step.startTimeUnixNano)).toBe(true);
    expect(otel.requests[0]?.headers['x-team']).toBe('data');

    const metrics = otel
      .json('/v1/metrics')
      .flatMap(({ resourceMetrics }) => resourceMetrics)
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap(({ metrics: some }) => some);
    const records = metrics.findLast(({ name }) => name === 'aries.stream.records');
    expect(records).toMatchObject({ unit: '{record}', sum: { isMonotonic: true } });
    expect(Number(records.sum.dataPoints[0].asInt ?? records.sum.dataPoints[0].asDouble)).toBe(3);
    expect(attributesOf(records.sum.dataPoints[0].attributes)).toEqual({
      'aries.name': 'shop',
      'aries.step': 'extract',
      'aries.stream': 'numbers',
    });
    expect(metrics.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['aries.run.duration', 'process.memory.usage', 'aries.stream.bytes']),
    );
  });

  test('a failure is on both spans, without secrets; so is a signal', async () => {
    await using otel = await collector();
    const env = {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${otel.endpoint}/v1/traces`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    };
    await extract({ count: 3, do: 'unreachable', token: 'canary-9f8e7d6c' }, { env });
    const stopped = await extract({ count: 1, do: 'slow' }, { ...stopWhenReading(), env });
    expect(stopped.code).toBe(143);
    const spans = otel
      .json('/v1/traces')
      .flatMap(({ resourceSpans }) => resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans)
      .flatMap(({ spans: some }) => some);
    expect(spans.map(({ status }) => status.code)).toEqual([2, 2, 2, 2]);
    expect(spans.map(({ attributes }) => attributesOf(attributes)['error.type']).sort()).toEqual([
      'INTERRUPTED',
      'INTERRUPTED',
      'UNREACHABLE',
      'UNREACHABLE',
    ]);
    expect(spans[0].status.message).toContain('ECONNREFUSED');
    expect(Buffer.concat(otel.requests.map(({ body }) => body)).toString()).not.toContain('canary');
    // Only traces are enabled.
    expect(otel.requests.filter(({ path }) => path !== '/v1/traces')).toEqual([]);
  });

  test('is sent as protobuf unless the variables say otherwise', async () => {
    await using otel = await collector();
    await extract({ count: 3 }, { env: { OTEL_EXPORTER_OTLP_ENDPOINT: otel.endpoint } });
    expect(new Set(otel.requests.map(({ path, type }) => `${path} ${type}`))).toEqual(
      new Set(['/v1/traces application/x-protobuf', '/v1/metrics application/x-protobuf']),
    );
    expect(otel.requests.some(({ body }) => body.includes('aries extract'))).toBe(true);
  });

  test('a collector that is down or never answers neither fails nor delays a run', async () => {
    const away = await extract({ count: 3 }, { env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' } });
    expect(away).toMatchObject({ code: 0, result: { ok: true } });
    await using silent = await collector(false);
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: silent.endpoint,
      // Ten minutes, so that the test would time out if the run waited for it.
      OTEL_EXPORTER_OTLP_TIMEOUT: '600000',
    };
    const unanswered = await extract({ count: 3 }, { env });
    expect(unanswered).toMatchObject({ code: 0, result: { ok: true } });
    expect(silent.requests.length).toBeGreaterThan(0);
    const grpc = await extract({ count: 3 }, { env: { ...env, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' } });
    expect(grpc.code).toBe(0);
    expect(grpc.stderr).toContain('the protocol grpc is not supported');
  });

  test('is loaded only if an endpoint is set', async () => {
    const root = await folder();
    const loaded = join(root, 'loaded.txt');
    await writeFile(
      join(root, 'trace.mjs'),
      `import { appendFileSync } from 'node:fs'; import { registerHooks } from 'node:module';
       registerHooks({ load(url, context, next) { if (url.includes('opentelemetry')) appendFileSync(${JSON.stringify(loaded)}, url + '\\n'); return next(url, context); } });`,
    );
    await writeFile(loaded, '');
    const NODE_OPTIONS = `--import ${join(root, 'trace.mjs')}`;
    const off = { NODE_OPTIONS, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_SDK_DISABLED: 'true' };
    for (const env of [{ NODE_OPTIONS }, off]) expect((await extract({ count: 1 }, { env })).code).toBe(0);
    expect(await readFile(loaded, 'utf8')).toBe('');
    await extract({ count: 1 }, { env: { ...off, OTEL_SDK_DISABLED: 'false' } });
    expect(await readFile(loaded, 'utf8')).not.toBe('');
  });
});

test('the steps of a pipeline have consecutive times, although parts are loaded early', async () => {
  await using database = await freshDatabase();
  const root = await folder();
  const file = join(root, 'shop.prom');
  await writeFile(
    join(root, 'pipeline.yaml'),
    `name: shop
source: { use: ${fixture('numbers')}, config: { count: 3 } }
destination: { use: postgres, config: { url: "${database.url}" } }
staging: ${join(root, 'staging')}
`,
  );
  await using otel = await collector();
  const { code, result } = await runAries(['run', join(root, 'pipeline.yaml'), '--metrics-file', file], {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: otel.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
  });
  expect(code).toBe(0);
  const text = await readFile(file, 'utf8');
  for (const step of ['extract', 'load']) {
    const seconds = result.steps[step].durationMs / 1000;
    expect(text).toContain(`aries_step_duration_seconds{name="shop",command="run",step="${step}"} ${seconds}\n`);
    expect(text).toContain(`aries_stream_records_total{name="shop",command="run",step="${step}",stream="numbers"} 3\n`);
  }
  const spans = otel
    .json('/v1/traces')
    .flatMap(({ resourceSpans }) => resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ spans: some }) => some);
  expect(spans.map(({ name }) => name).sort()).toEqual(['aries run', 'extract', 'load']);
  const [extractSpan, loadSpan] = ['extract', 'load'].map((step) => spans.find(({ name }) => name === step));
  expect(BigInt(loadSpan.startTimeUnixNano) >= BigInt(extractSpan.endTimeUnixNano)).toBe(true);
});
