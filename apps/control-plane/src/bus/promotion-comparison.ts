import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { StateRepair, type ControlPlaneTransport, type StateRepairOptions } from '@tenantry/messaging';
import { setTimeout as delay } from 'node:timers/promises';
import { noteCompared, readPromotion } from '../identity/promotion.js';

export interface PromotionComparisonOptions extends StateRepairOptions {
  readonly transport: Pick<ControlPlaneTransport, 'readOwnState'>;
}

const POLL_MS = 50;

/**
 * Reads the state channel from its beginning after the database's server was promoted, and compares all of it with the database: a
 * standby may have lost transactions that were sent already, whose records this process has read and forgotten. What is found ahead is
 * noted beside the epoch. A failover that lost nothing needs nobody.
 */
export class PromotionComparison {
  private readonly sql: SqlExecutor;
  private readonly stopping = new AbortController();
  /** False as soon as the transport has said that there is nothing to compare with. */
  private comparable = true;

  constructor(private readonly options: PromotionComparisonOptions) {
    this.sql = pgExecutor(options.pool);
  }

  /** Whether a promotion was met that nobody has compared after. */
  async isDue(): Promise<boolean> {
    if (!this.comparable || this.stopping.signal.aborted) return false;
    return (await readPromotion(this.sql))?.compared === false;
  }

  /** Resolves when everything that the channel held at the call was compared, or when it is stopped. @throws when it cannot be read. */
  async run(): Promise<void> {
    const promotion = await readPromotion(this.sql);
    if (!promotion || promotion.compared) return;
    const { logger, transport } = this.options;
    const repair = new StateRepair(this.options);
    const caughtUp = Promise.withResolvers<void>();
    const subscription = transport.readOwnState({
      handler: (record) => repair.read(record),
      onMalformed: (reason) => logger.warn({ reason }, 'a state record cannot be read'),
      onCaughtUp: () => caughtUp.resolve(),
    });
    if (!subscription) {
      this.comparable = false;
      return;
    }
    const { signal } = this.stopping;
    signal.addEventListener('abort', () => caughtUp.resolve(), { once: true });
    subscription.failed.catch((error: unknown) => caughtUp.reject(error));
    logger.info({}, 'the database server was promoted; nothing is sent until the state channel was compared');
    repair.start();
    try {
      await caughtUp.promise;
      const readBy = performance.now();
      while (repair.hasLeftFrom(readBy) && !signal.aborted) await delay(POLL_MS);
    } finally {
      await Promise.all([subscription.stop(), repair.stop()]);
    }
    if (!signal.aborted) await noteCompared(this.sql, promotion);
  }

  stop(): void {
    this.stopping.abort();
  }
}
