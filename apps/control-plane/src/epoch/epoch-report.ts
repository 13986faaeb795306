import type { SqlExecutor } from '@tenantry/database';
import { readEpoch } from '@tenantry/messaging';
import type { HealthFinding, HealthReport } from '@tenantry/service';

/** What `/healthz` tells of the epoch: whether the state channel is ahead of the database, and what to do about it. */
export function epochReport(sql: SqlExecutor): HealthReport {
  return {
    name: 'epoch',
    read: async (): Promise<HealthFinding> => {
      const { epoch, ahead } = await readEpoch(sql);
      if (!ahead) return { status: 'ok', epoch };
      return {
        status: 'degraded',
        epoch,
        reason:
          'the state channel is ahead of the database, which was restored or lost transactions; nothing is sent until main.migrate --raise-epoch was run',
      };
    },
  };
}
