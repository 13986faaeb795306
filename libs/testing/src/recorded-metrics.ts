import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InstrumentType,
  MeterProvider,
  MetricReader,
} from '@opentelemetry/sdk-metrics';

/** One value under one set of labels. */
export interface MeasuredPoint {
  readonly name: string;
  readonly labels: Readonly<Record<string, unknown>>;
  readonly value: number;
}

/** What has been measured since `recordMetrics`. */
export interface RecordedMetrics {
  /**
   * The value of an instrument now: of a histogram how often it was recorded. Undefined when nothing was measured under these labels,
   * which have to be all that it has.
   */
  value(name: string, labels?: Readonly<Record<string, string | number>>): Promise<number | undefined>;
  /** Everything that has been measured, of a histogram how often. */
  points(): Promise<readonly MeasuredPoint[]>;
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
  // One after the other, or one would be given what the other looked up.
  let last: ReturnType<OnDemand['collect']> | undefined;
  async function points(): Promise<MeasuredPoint[]> {
    const before = last ?? Promise.resolve();
    last = before.then(() => reader.collect());
    const { resourceMetrics } = await last;
    return resourceMetrics.scopeMetrics
      .flatMap((scope) => scope.metrics)
      .flatMap(({ descriptor: { name }, dataPoints }) =>
        (dataPoints as DataPoint<number | Histogram>[]).map(({ attributes, value }) => ({
          name,
          labels: attributes,
          value: typeof value === 'object' ? value.count : value,
        })),
      );
  }
  return {
    points,
    value: async (name, labels = {}) =>
      (await points()).find((point) => point.name === name && sameLabels(point.labels, labels))?.value,
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
