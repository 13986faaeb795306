import { getNumberFromEnv, getStringFromEnv, getStringListFromEnv } from '@opentelemetry/core';
import {
  ConsoleMetricExporter,
  PeriodicExportingMetricReader,
  type MetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';

const INTERVAL_MS = 60_000;
const TIMEOUT_MS = 30_000;

/** What sends metrics as `OTEL_METRICS_EXPORTER` and `OTEL_METRIC_EXPORT_INTERVAL` say, beside what serves them to Prometheus. */
export async function metricPushReaders(): Promise<MetricReader[]> {
  const named = (getStringListFromEnv('OTEL_METRICS_EXPORTER') ?? []).filter((name) => name !== '');
  const exporters: PushMetricExporter[] = [];
  for (const name of new Set(named.length > 0 ? named : ['otlp'])) {
    if (name === 'otlp') exporters.push(await otlpExporter());
    else if (name === 'console') exporters.push(new ConsoleMetricExporter());
  }
  const exportIntervalMillis = getNumberFromEnv('OTEL_METRIC_EXPORT_INTERVAL') ?? INTERVAL_MS;
  const exportTimeoutMillis = Math.min(
    getNumberFromEnv('OTEL_METRIC_EXPORT_TIMEOUT') ?? TIMEOUT_MS,
    exportIntervalMillis,
  );
  return exporters.map(
    (exporter) => new PeriodicExportingMetricReader({ exporter, exportIntervalMillis, exportTimeoutMillis }),
  );
}

async function otlpExporter(): Promise<PushMetricExporter> {
  const protocol =
    getStringFromEnv('OTEL_EXPORTER_OTLP_METRICS_PROTOCOL') ??
    getStringFromEnv('OTEL_EXPORTER_OTLP_PROTOCOL');
  switch (protocol) {
    case 'grpc':
      return new (await import('@opentelemetry/exporter-metrics-otlp-grpc')).OTLPMetricExporter();
    case 'http/json':
      return new (await import('@opentelemetry/exporter-metrics-otlp-http')).OTLPMetricExporter();
    default:
      return new (await import('@opentelemetry/exporter-metrics-otlp-proto')).OTLPMetricExporter();
  }
}
