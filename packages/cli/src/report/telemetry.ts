import type { Log } from '@aries-data/sdk';
import {
  type Attributes,
  type Context,
  DiagLogLevel,
  defaultTextMapGetter,
  diag,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import type { RunObserver } from './reporter.ts';
import type { RunFigures } from './run-figures.ts';
import { protocolOf, signalsWanted } from './telemetry-settings.ts';

/** How long the exit waits for data that has not been sent yet. */
const LAST_MS = 2000;
const METRICS_EVERY_MS = 60_000;

export interface TelemetryOptions {
  env: NodeJS.ProcessEnv;
  figures: RunFigures;
  version: string;
  log: Log;
}

/**
 * Sends spans of the command and its steps, and metrics of the streams, to where the standard variables say
 * (`OTEL_EXPORTER_OTLP_ENDPOINT` and the others; the exporters read headers, certificates and time-outs themselves). The command's
 * span is a child of `TRACEPARENT`, if a scheduler sets it. A failure to send causes one warning, and never fails or delays the run.
 */
export async function startTelemetry({ env, figures, version, log }: TelemetryOptions): Promise<RunObserver> {
  let warned = false;
  const warn = (message: string) => {
    if (!warned) log.warn('OpenTelemetry could not be sent', { reason: message.split('\n')[0] });
    warned = true;
  };
  diag.setLogger(
    { error: warn, warn: (message) => log.debug(message), info() {}, debug() {}, verbose() {} },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );

  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'aries', 'service.version': version }))
    .merge(detectResources({ detectors: [envDetector] }));
  const wanted = signalsWanted(env);
  const traces = wanted.includes('traces') ? await traceExporter(env, warn) : undefined;
  const metrics = wanted.includes('metrics') ? await metricExporter(env, warn) : undefined;
  const spans = traces === undefined ? undefined : createSpans(traces, { env, figures, version, resource });
  const meters = metrics === undefined ? undefined : createMeters(metrics, { env, figures, version, resource });

  return {
    update: () => spans?.update(),
    async end() {
      spans?.end();
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, LAST_MS);
      const sent = Promise.all([spans?.shutdown(), meters?.shutdown()]).catch((error: Error) => warn(error.message));
      await Promise.race([sent, late]);
      clearTimeout(timer);
    },
  };
}

interface SourceOptions {
  env: NodeJS.ProcessEnv;
  figures: RunFigures;
  version: string;
  resource: Resource;
}

function createSpans(exporter: SpanExporter, { env, figures, version, resource }: SourceOptions) {
  const provider = new TracerProvider({ resource, spanProcessors: [new BatchSpanProcessor({ exporter })] });
  const tracer = provider.getTracer('aries', version);
  const { TRACEPARENT: traceparent = '', TRACESTATE: tracestate = '' } = env;
  const parent = new W3CTraceContextPropagator().extract(
    ROOT_CONTEXT,
    { traceparent, tracestate },
    defaultTextMapGetter,
  );
  const root = tracer.startSpan(`aries ${figures.command}`, { startTime: figures.start }, parent);
  const within: Context = trace.setSpan(parent, root);
  const steps = new Map<string, Span>();

  function update(): void {
    for (const { step, start, end } of figures.steps.values()) {
      const span = steps.get(step) ?? tracer.startSpan(step, { startTime: start }, within);
      steps.set(step, span);
      if (end !== undefined && span.isRecording()) finish(span, step, end);
    }
  }

  function finish(span: Span, step: string, end: number): void {
    const streams = [...figures.streams.values()].filter((one) => one.step === step);
    span.setAttributes({
      ...runAttributes(figures),
      'aries.step': step,
      'aries.streams': streams.map(({ stream }) => stream),
    });
    for (const { stream, records, rejected, bytes } of streams) {
      span.addEvent(
        'stream',
        { 'aries.stream': stream, 'aries.records': records, 'aries.rejected_records': rejected, 'aries.bytes': bytes },
        end,
      );
    }
    span.end(end);
  }

  return {
    update,
    end() {
      const { ended } = figures;
      const last = [...figures.steps.keys()].at(-1);
      if (ended?.error !== undefined) {
        const failed = last === undefined ? undefined : (steps.get(last) ?? undefined);
        for (const span of [failed, root]) {
          span?.setStatus({ code: SpanStatusCode.ERROR, message: ended.error.message });
          span?.setAttribute('error.type', ended.error.code);
        }
      }
      update();
      root.setAttributes({ ...runAttributes(figures), 'process.exit.code': ended?.exitCode ?? 0 });
      root.end(ended?.at);
    },
    shutdown: () => provider.shutdown(),
  };
}

function createMeters(exporter: PushMetricExporter, { env, figures, version, resource }: SourceOptions) {
  const exportIntervalMillis = Number(env.OTEL_METRIC_EXPORT_INTERVAL) || METRICS_EVERY_MS;
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis,
    exportTimeoutMillis: Math.min(Number(env.OTEL_METRIC_EXPORT_TIMEOUT) || 30_000, exportIntervalMillis),
  });
  const provider = new MeterProvider({ resource, readers: [reader] });
  const meter = provider.getMeter('aries', version);
  for (const [name, unit, field, description] of [
    ['aries.stream.records', '{record}', 'records', 'Records that a step has read or loaded'],
    ['aries.stream.rejected_records', '{record}', 'rejected', 'Records that a step has set aside'],
    ['aries.stream.bytes', 'By', 'bytes', 'Bytes that a step has encoded, or loaded as they were staged'],
  ] as const) {
    meter.createObservableCounter(name, { unit, description }).addCallback((result) => {
      for (const one of figures.streams.values()) {
        result.observe(one[field], { ...nameAttribute(figures), 'aries.step': one.step, 'aries.stream': one.stream });
      }
    });
  }
  meter
    .createObservableGauge('aries.run.duration', { unit: 's', description: 'Duration of the run' })
    .addCallback((result) => {
      result.observe(((figures.ended?.at ?? Date.now()) - figures.start) / 1000, {
        ...nameAttribute(figures),
        'aries.command': figures.command,
        ...(figures.ended === undefined ? {} : { 'process.exit.code': figures.ended.exitCode }),
      });
    });
  meter
    .createObservableUpDownCounter('process.memory.usage', {
      unit: 'By',
      description: 'Resident memory of the process',
    })
    .addCallback((result) => result.observe(process.memoryUsage.rss(), nameAttribute(figures)));
  return { shutdown: () => provider.shutdown() };
}

// Only spans carry the run's id: as a label of metrics it would make each run a series of its own.
function nameAttribute({ name }: RunFigures): Attributes {
  return name === undefined ? {} : { 'aries.name': name };
}

function runAttributes(figures: RunFigures): Attributes {
  const { command, runId } = figures;
  return {
    ...nameAttribute(figures),
    'aries.command': command,
    ...(runId === undefined ? {} : { 'aries.run_id': runId }),
  };
}

async function traceExporter(
  env: NodeJS.ProcessEnv,
  warn: (message: string) => void,
): Promise<SpanExporter | undefined> {
  switch (protocolOf('traces', env)) {
    case 'http/protobuf':
      return new (await import('@opentelemetry/exporter-trace-otlp-proto')).OTLPTraceExporter();
    case 'http/json':
      return new (await import('@opentelemetry/exporter-trace-otlp-http')).OTLPTraceExporter();
    default:
      return void warn(unknownProtocol(protocolOf('traces', env)));
  }
}

async function metricExporter(
  env: NodeJS.ProcessEnv,
  warn: (message: string) => void,
): Promise<PushMetricExporter | undefined> {
  switch (protocolOf('metrics', env)) {
    case 'http/protobuf':
      return new (await import('@opentelemetry/exporter-metrics-otlp-proto')).OTLPMetricExporter();
    case 'http/json':
      return new (await import('@opentelemetry/exporter-metrics-otlp-http')).OTLPMetricExporter();
    default:
      return void warn(unknownProtocol(protocolOf('metrics', env)));
  }
}

function unknownProtocol(protocol: string): string {
  return `the protocol ${protocol} is not supported; set OTEL_EXPORTER_OTLP_PROTOCOL to http/protobuf or http/json, and the endpoint's port to match (4318)`;
}
