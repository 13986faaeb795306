import { metrics } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { MeterProvider, type MetricReader } from '@opentelemetry/sdk-metrics';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { LivePrometheusExporter } from './live-prometheus-exporter.js';
import { resourceOf } from './resource.js';

/** Where a process's metrics are read, and whose they are. */
export interface MetricsOptions {
  /** `service.name`, unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES says otherwise. */
  readonly service: string;
  /** `service.version`. */
  readonly version: string;
  readonly host: string;
  /** 0 takes any free port; `off` starts nothing, and every instrument does nothing. */
  readonly port: number | 'off';
  readonly logger: Logger;
}

/** Metrics that are being served. */
export interface ServedMetrics {
  /** Where Prometheus finds them; undefined where the port could not be had. */
  readonly url: string | undefined;
  /** Ends it; what a collector does not take within a few seconds is lost. Never rejects. */
  stop(): Promise<void>;
}

const MAX_PORT = 65_535;

/** Reads METRICS_PORT. @throws RangeError unless it is a port or `off`. */
export function parseMetricsPort(raw: string): number | 'off' {
  if (raw === 'off') return raw;
  if (/^\d{1,5}$/.test(raw) && Number(raw) <= MAX_PORT) return Number(raw);
  throw new RangeError(`it must be a port from 0 to ${MAX_PORT}, or off`);
}

/** {@link serveMetrics} as this process's own, to nobody else. */
export function startMetrics(options: MetricsOptions): Promise<ServedMetrics> {
  return serveMetrics(options, resourceOf(options), []);
}

/**
 * Makes OpenTelemetry's metrics work in this process, and serves them for Prometheus at `/metrics` on a port of their own. Call it
 * before anything that makes an instrument: one that was made before does nothing for ever.
 *
 * A port that is taken is an ERROR in the log and no more: a service that cannot be watched serves all the same.
 *
 * @param others what else reads them.
 */
export async function serveMetrics(
  options: MetricsOptions,
  resource: Resource,
  others: readonly MetricReader[],
): Promise<ServedMetrics> {
  if (options.port === 'off' && others.length === 0) return { url: undefined, stop: async () => {} };
  const exporter = new LivePrometheusExporter({ preventServerStart: true, withoutScopeInfo: true });
  const readers = options.port === 'off' ? others : [exporter, ...others];
  const provider = new MeterProvider({ resource, readers: [...readers] });
  metrics.setGlobalMeterProvider(provider);
  tellBuild(options);
  const server = createServer((request, response) => {
    if (request.url?.split('?', 1)[0] === '/metrics') exporter.getMetricsRequestHandler(request, response);
    else response.writeHead(404).end();
  }).unref();
  const url = options.port === 'off' ? undefined : await listen(server, options);
  return {
    url,
    stop: async () => {
      // First of all, since it sends what was measured last.
      await provider.shutdown();
      metrics.disable();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** `tenantry_build_info`, always 1: what runs, beside how it does. */
function tellBuild({ version }: MetricsOptions): void {
  metrics
    .getMeter('@tenantry/service')
    .createObservableGauge('tenantry_build_info', { description: 'Always 1; the version that runs.' })
    .addCallback((result) => result.observe(1, { version }));
}

function listen(server: Server, { host, port, logger }: MetricsOptions): Promise<string | undefined> {
  return new Promise((resolve) => {
    server.once('error', (err) => {
      logger.error({ err, host, port }, 'metrics cannot be served');
      resolve(undefined);
    });
    server.listen({ host, port: port === 'off' ? 0 : port }, () => {
      const { port: bound } = server.address() as AddressInfo;
      const url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}/metrics`;
      logger.info({ url }, 'metrics are served');
      resolve(url);
    });
  });
}
