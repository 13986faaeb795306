import { getBooleanFromEnv, getStringFromEnv, getStringListFromEnv } from '@opentelemetry/core';

/** What is to be sent to a collector. */
export interface AskedSignals {
  readonly traces: boolean;
  readonly metrics: boolean;
  readonly logs: boolean;
}

/**
 * What OpenTelemetry's own variables ask for. A signal is sent when its `OTEL_<SIGNAL>_EXPORTER` names an exporter, or when that is unset and
 * there is an endpoint for it (`OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_<SIGNAL>_ENDPOINT`); nothing with `OTEL_SDK_DISABLED=true`.
 * OpenTelemetry would send to localhost without any of them; whoever wants nothing shall not have to say so.
 */
export function askedSignals(): AskedSignals {
  const enabled = getBooleanFromEnv('OTEL_SDK_DISABLED') !== true;
  const asked = (signal: 'TRACES' | 'METRICS' | 'LOGS'): boolean => {
    const exporters = (getStringListFromEnv(`OTEL_${signal}_EXPORTER`) ?? []).filter((name) => name !== '');
    if (exporters.length > 0) return exporters.some((name) => name !== 'none' && name !== 'prometheus');
    return (
      getStringFromEnv(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`) !== undefined ||
      getStringFromEnv('OTEL_EXPORTER_OTLP_ENDPOINT') !== undefined
    );
  };
  return {
    traces: enabled && asked('TRACES'),
    metrics: enabled && asked('METRICS'),
    logs: enabled && asked('LOGS'),
  };
}
