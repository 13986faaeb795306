import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InstrumentType,
  MeterProvider,
  MetricReader,
} from '@opentelemetry/sdk-metrics';

/** What has been measured since `recordMetrics`. */
export interface RecordedMetrics {
  /**
   * The value of an instrument now: of a histogram how often it was recorded. Undefined when nothing was measured under these labels,
   * which have to be all that it has.
   */
  value(name: string, labels?: Readonly<Record<string, string | number>>): Promise<number | undefined>;
  /** Turns metrics off again. */
  stop(): Promise<void>;
}

/** As what serves Prometheus: gauges that are looked up have no memory. */
class OnDemand extends MetricReader {
  override selectAggregationTemporality(instrument: InstrumentType): AggregationTemporality {
    return instrument === InstrumentType.OBSERVABLE_GAUGE
      ? AggregationTemporality.DELTA
      : AggregationTemporality.CUMULATIVE;
  }

  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** Makes metrics work in this process, for a test to read. Call it before anything that makes an instrument. */
export function recordMetrics(): RecordedMetrics {
  const reader = new OnDemand();
  const provider = new MeterProvider({ readers: [reader] });
  metrics.disable();
  metrics.setGlobalMeterProvider(provider);
  return {
    async value(name, labels = {}) {
      const { resourceMetrics } = await reader.collect();
      const points = resourceMetrics.scopeMetrics
        .flatMap((scope) => scope.metrics)
        .filter(({ descriptor }) => descriptor.name === name)
        .flatMap(({ dataPoints }) => dataPoints as DataPoint<number | Histogram>[]);
      const point = points.find(({ attributes }) => sameLabels(attributes, labels));
      return typeof point?.value === 'object' ? point.value.count : point?.value;
    },
    async stop() {
      metrics.disable();
      await provider.shutdown();
    },
  };
}

function sameLabels(left: object, right: object): boolean {
  const sorted = (labels: object) => JSON.stringify(Object.entries(labels).sort());
  return sorted(left) === sorted(right);
}
