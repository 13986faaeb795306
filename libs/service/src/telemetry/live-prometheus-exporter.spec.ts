import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { LivePrometheusExporter } from './live-prometheus-exporter.js';

describe('what Prometheus is shown', () => {
  let exporter: LivePrometheusExporter;
  let provider: MeterProvider;
  beforeEach(() => {
    exporter = new LivePrometheusExporter({ preventServerStart: true });
    provider = new MeterProvider({ readers: [exporter] });
  });
  afterEach(() => provider.shutdown());

  async function shown(): Promise<number> {
    const { resourceMetrics } = await exporter.collect();
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics).length;
  }

  it('is the same for two that ask at once', async () => {
    const looked = new Promise((resolve) => setImmediate(resolve));
    provider
      .getMeter('a')
      .createObservableGauge('tenantry_shown')
      .addCallback(async (result) => {
        await looked;
        result.observe(1);
      });
    expect(await Promise.all([shown(), shown(), shown()])).toEqual([1, 1, 1]);
  });
});
