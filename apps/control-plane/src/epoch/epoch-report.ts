import type { SqlExecutor } from '@tenantry/database';
import { readEpoch } from '@tenantry/messaging';
import type { HealthFinding, HealthReport } from '@tenantry/service';
import { readPromotion } from '../identity/promotion.js';

/**
 * What `/healthz` tells of the epoch: whether the state channel is ahead of the database, and what to do about it; and since when the
 * database is that of a promoted server which was not compared with the channel.
 */
export function epochReport(sql: SqlExecutor): HealthReport {
  return {
    name: 'epoch',
    read: async (): Promise<HealthFinding> => {
      const { epoch, ahead } = await readEpoch(sql);
      if (!ahead) {
        const promotion = await readPromotion(sql);
        return {
          status: 'ok',
          epoch,
          ...(promotion && !promotion.compared && { uncomparedSince: promotion.at }),
        };
      }
      return {
        status: 'degraded',
        epoch,
        reason:
          'the state channel is ahead of the database, which was restored or lost transactions; nothing is sent until main.migrate --raise-epoch was run',
      };
    },
  };
}
