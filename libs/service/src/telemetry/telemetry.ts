import { diag, DiagLogLevel } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { askedSignals, type AskedSignals } from './asked-signals.js';
import { bridgeLogs } from './log-bridge.js';
import { metricPushReaders } from './metric-push.js';
import { serveMetrics, type MetricsOptions, type ServedMetrics } from './metrics.js';
import { resourceOf } from './resource.js';

/** How long a process that leaves waits for a collector to take what it still has, in milliseconds. */
const FLUSH_MS = 3_000;

const started = new Set<ServedMetrics>();

/**
 * Serves metrics for Prometheus, and sends traces, metrics and logs where OpenTelemetry's own variables ask for it (see
 * {@link askedSignals}); its SDK is loaded only then. Call it before anything that makes an instrument: one that was made before does nothing
 * for ever. {@link runService} ends it; whatever does not run by that calls `stop`, or loses the last seconds.
 */
export async function startTelemetry(options: MetricsOptions): Promise<ServedMetrics> {
  const asked = askedSignals();
  const resource = resourceOf(options);
  if (asked.traces || asked.metrics || asked.logs) reportProblems(options.logger);
  const metrics = await serveMetrics(options, resource, asked.metrics ? await metricPushReaders() : []);
  const stopSending = asked.traces || asked.logs ? await startSending(asked, resource) : async () => {};
  const telemetry: ServedMetrics = {
    url: metrics.url,
    stop: async () => {
      started.delete(telemetry);
      const ended = Promise.all([stopSending(), metrics.stop()]).then(() => true);
      const inTime = await Promise.race([ended, delay(FLUSH_MS, false, { ref: false })]).catch(
        (err: unknown) => void options.logger.warn({ err }, 'the last telemetry could not be sent'),
      );
      if (inTime === false)
        options.logger.warn({ waitedMs: FLUSH_MS }, 'the last telemetry was not sent in time');
    },
  };
  started.add(telemetry);
  return telemetry;
}

/** Ends all telemetry of this process. */
export async function stopTelemetry(): Promise<void> {
  await Promise.all([...started].map((telemetry) => telemetry.stop()));
}

async function startSending(asked: AskedSignals, resource: Resource): Promise<() => Promise<void>> {
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  // What is not given is made as the variables say; what is empty is not made. Metrics have their provider already.
  const sdk = new NodeSDK({
    resource,
    autoDetectResources: false,
    metricReaders: [],
    ...(!asked.traces && { spanProcessors: [] }),
    ...(!asked.logs && { logRecordProcessors: [] }),
  });
  sdk.start();
  bridgeLogs(asked.logs);
  return async () => {
    bridgeLogs(false);
    await sdk.shutdown();
  };
}

/** A collector that is away is said once, and again when something else is wrong; telemetry keeps nobody from working. */
function reportProblems(logger: Logger): void {
  let last: string | undefined;
  const report = (message: string): void => {
    const level = message === last ? 'debug' : 'warn';
    last = message;
    logger[level]({ problem: message }, 'telemetry has a problem');
  };
  const ignore = (): void => {};
  diag.setLogger(
    { error: report, warn: report, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
