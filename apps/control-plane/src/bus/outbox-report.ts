import type { OutboxLag } from '@tenantry/messaging';
import type { HealthReport } from '@tenantry/service';

/** What `/healthz` tells of the outbox: how much waits, and for how long the oldest has. */
export function outboxReport(lag: OutboxLag, alertAfterMs: number): HealthReport {
  return {
    name: 'outbox',
    read: async () => {
      const { pending, oldestMs } = await lag.read();
      return {
        status: oldestMs > alertAfterMs ? 'degraded' : 'ok',
        pending,
        oldestAgeSeconds: Math.round(oldestMs / 100) / 10,
        alertAfterSeconds: alertAfterMs / 1000,
      };
    },
  };
}
