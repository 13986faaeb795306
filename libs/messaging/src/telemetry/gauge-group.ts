import { metrics, type Attributes, type BatchObservableResult, type MetricOptions } from '@opentelemetry/api';
import { setTimeout as delay } from 'node:timers/promises';

/** Tells what a gauge of the group shows now, by its labels. */
export type Observe<N extends string> = (gauge: N, value: number, labels?: Attributes) => void;

export interface GaugeGroupOptions<N extends string> {
  /** The meter's name: that of the library or app. */
  readonly meter: string;
  /** By name. */
  readonly gauges: Readonly<Record<N, MetricOptions>>;
  /** Looks all of them up at once; what it does not observe is not shown. */
  readonly read: (observe: Observe<N>) => Promise<void> | void;
  /** For how long what was read is shown again instead of looking anew, in milliseconds. Default 2 000. */
  readonly freshMs?: number;
  /** How long a scrape waits for it, in milliseconds. Default 2 000. */
  readonly patienceMs?: number;
}

interface Reading<N extends string> {
  readonly at: number;
  readonly observed: Promise<readonly (readonly [gauge: N, value: number, labels: Attributes | undefined])[]>;
}

/**
 * Gauges that are looked up together whenever metrics are read. A database that does not answer costs a scrape these gauges and a
 * little patience, never the others: while it is away is when they are wanted most.
 */
export class GaugeGroup<N extends string> {
  private last: Reading<N> | undefined;
  private stopObserving: (() => void) | undefined;

  constructor(private readonly options: GaugeGroupOptions<N>) {}

  start(): void {
    if (this.stopObserving) return;
    const meter = metrics.getMeter(this.options.meter);
    const gauges = new Map(
      Object.entries<MetricOptions>(this.options.gauges).map(([name, about]) => [
        name,
        meter.createObservableGauge(name, about),
      ]),
    );
    const all = [...gauges.values()];
    const observe = async (result: BatchObservableResult): Promise<void> => {
      for (const [name, value, labels] of await this.inTime()) {
        const gauge = gauges.get(name);
        if (gauge) result.observe(gauge, value, labels);
      }
    };
    meter.addBatchObservableCallback(observe, all);
    this.stopObserving = () => meter.removeBatchObservableCallback(observe, all);
  }

  stop(): void {
    this.stopObserving?.();
    this.stopObserving = undefined;
  }

  private async inTime(): ReturnType<typeof this.read> {
    const { patienceMs = 2_000 } = this.options;
    const patience = new AbortController();
    const late = delay(patienceMs, [], { signal: patience.signal, ref: false }).catch(() => []);
    try {
      return await Promise.race([this.read(), late]);
    } catch {
      // Whoever serves by that database tells of it; here it is a gap in the series.
      return [];
    } finally {
      patience.abort();
    }
  }

  /** One look at a time: a slow one is waited for by the next scrape too. */
  private async read(): Promise<Awaited<Reading<N>['observed']>> {
    const { freshMs = 2_000 } = this.options;
    if (this.last && performance.now() - this.last.at < freshMs) return this.last.observed;
    const last = { at: Infinity, observed: this.look() };
    this.last = last;
    try {
      const observed = await last.observed;
      last.at = performance.now();
      return observed;
    } catch (error) {
      if (this.last === last) this.last = undefined;
      throw error;
    }
  }

  private async look(): Promise<Awaited<Reading<N>['observed']>> {
    const observed: [N, number, Attributes | undefined][] = [];
    await this.options.read((gauge, value, labels) => void observed.push([gauge, value, labels]));
    return observed;
  }
}
