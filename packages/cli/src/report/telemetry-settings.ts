/**
 * Returns true if the standard variables ask for OpenTelemetry: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/.
 * Without an endpoint nothing is sent, and nothing of OpenTelemetry is loaded.
 */
export function wantsTelemetry(env: NodeJS.ProcessEnv): boolean {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return false;
  return signalsWanted(env).length > 0;
}

/** Returns the signals that have an endpoint and are not turned off. */
export function signalsWanted(env: NodeJS.ProcessEnv): ('traces' | 'metrics')[] {
  return (['traces', 'metrics'] as const).filter((signal) => {
    const upper = signal.toUpperCase();
    const endpoint = env[`OTEL_EXPORTER_OTLP_${upper}_ENDPOINT`] || env.OTEL_EXPORTER_OTLP_ENDPOINT;
    const exporter = env[`OTEL_${upper}_EXPORTER`] || 'otlp';
    return Boolean(endpoint) && exporter.split(',').includes('otlp');
  });
}

/** Returns the protocol of a signal; by default `http/protobuf`. */
export function protocolOf(signal: 'traces' | 'metrics', env: NodeJS.ProcessEnv): string {
  return (
    env[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_PROTOCOL`] || env.OTEL_EXPORTER_OTLP_PROTOCOL || 'http/protobuf'
  );
}
