import { metrics } from '@opentelemetry/api';
import type { OperationKind, OperationState } from '@tenantry/contracts';

/** Seconds; from a pooled tenant's provisioning to a purge that somebody had to help along. */
const BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 86_400];

/** What is told of operations as they end, by the process that ended them. */
export class OperationMetrics {
  private readonly meter = metrics.getMeter('@tenantry/control-plane');
  private readonly durations = this.meter.createHistogram('tenantry_operation_duration_seconds', {
    description: 'How long operations took from the command to their end.',
    unit: 's',
    advice: { explicitBucketBoundaries: BUCKETS },
  });
  private readonly progress = this.meter.createCounter('tenantry_progress_total', {
    description:
      'Tasks that were settled and operations that ended; none of either while operations run is a stand-still.',
  });

  constructor() {
    this.progress.add(0);
  }

  noteEnd(operation: OperationKind, outcome: OperationState, ms: number): void {
    this.durations.record(ms / 1000, { operation, outcome });
    this.progress.add(1);
  }

  countSettled(tasks: number): void {
    this.progress.add(tasks);
  }
}
