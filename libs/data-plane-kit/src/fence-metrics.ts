import { metrics } from '@opentelemetry/api';
import { REFUSAL_REASONS, type RefusalReason } from './fence-refusal.js';

/** Counts how often the fence lets nobody in, by why; each try counts, so a stale route that was made good counts once. */
export class FenceMetrics {
  private readonly refusals = metrics
    .getMeter('@tenantry/data-plane-kit')
    .createCounter('tenantry_fence_refusals_total', {
      description: 'Entries into a tenant that its fence refused, by reason.',
    });

  constructor() {
    for (const reason of REFUSAL_REASONS) this.refusals.add(0, { reason });
  }

  count(reason: RefusalReason): void {
    this.refusals.add(1, { reason });
  }
}
