import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { AggregationTemporality, InstrumentType } from '@opentelemetry/sdk-metrics';

/**
 * Shows of gauges that are looked up what was seen at this scrape. The exporter's own way is to go on with the last value of every series
 * that there ever was: of a participant that was retired, of a shard that is another's, of a database that has not answered for an hour.
 */
export class LivePrometheusExporter extends PrometheusExporter {
  override selectAggregationTemporality(instrument: InstrumentType): AggregationTemporality {
    return instrument === InstrumentType.OBSERVABLE_GAUGE
      ? AggregationTemporality.DELTA
      : AggregationTemporality.CUMULATIVE;
  }
}
