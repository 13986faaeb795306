import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { AggregationTemporality, InstrumentType, type CollectionResult } from '@opentelemetry/sdk-metrics';

/**
 * Shows of gauges that are looked up what was seen at this scrape. The exporter's own way is to go on with the last value of every series
 * that there ever was: of a participant that was retired, of a shard that is another's, of a database that has not answered for an hour.
 */
export class LivePrometheusExporter extends PrometheusExporter {
  private last: Promise<unknown> = Promise.resolve();

  override selectAggregationTemporality(instrument: InstrumentType): AggregationTemporality {
    return instrument === InstrumentType.OBSERVABLE_GAUGE
      ? AggregationTemporality.DELTA
      : AggregationTemporality.CUMULATIVE;
  }

  /** One after the other: of two scrapes at a time, as of two Prometheus servers, one would be given what the other looked up. */
  override collect(options?: Parameters<PrometheusExporter['collect']>[0]): Promise<CollectionResult> {
    const collecting = this.last.then(() => super.collect(options));
    this.last = collecting.catch(() => undefined);
    return collecting;
  }
}
