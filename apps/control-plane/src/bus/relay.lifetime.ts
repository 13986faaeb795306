import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { pgExecutor } from '@tenantry/database';
import { OutboxLag, StateRepair } from '@tenantry/messaging';
import { CommitSignal } from '../database/commit-signal.js';
import { BUS, type Bus } from './bus.js';
import { GuardedRelay } from './guarded-relay.js';
import { OUTBOX_NOTIFY } from './outbox-notify.js';
import { PromotionComparison } from './promotion-comparison.js';
import { reach } from './reach.js';

/**
 * Runs the relay in this process, and the repair of what a relay may leave behind. It begins when the topics are there; until then
 * the outbox keeps what is to be sent, and its lag is measured from the start.
 */
@Injectable()
export class RelayLifetime implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly relay: GuardedRelay;
  private readonly repair: StateRepair;
  private readonly stopping = new AbortController();
  private readonly lag: OutboxLag;
  private connecting: Promise<void> | undefined;
  private stopMeasuring: (() => void) | undefined;
  private relaying = false;

  constructor(
    @Inject(BUS) private readonly bus: Bus,
    @Inject(OUTBOX_NOTIFY) notify: boolean,
    committed: CommitSignal,
  ) {
    this.relay = new GuardedRelay({
      ...bus,
      listen: notify,
      comparison: new PromotionComparison({ ...bus, notify }),
    });
    this.repair = new StateRepair({ ...bus, notify });
    this.lag = new OutboxLag({ sql: pgExecutor(bus.pool) });
    committed.onCommit(() => this.relay.wake());
  }

  onApplicationBootstrap(): void {
    this.stopMeasuring = this.lag.measure();
    this.connecting = this.connect();
  }

  /** Finishes the batches that are being sent and gives the shards back, so that another replica goes on at once. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    this.stopMeasuring?.();
    await this.connecting;
    if (this.relaying) await Promise.all([this.relay.stop(), this.repair.stop()]);
  }

  private async connect(): Promise<void> {
    const { transport } = this.bus;
    await reach(this.bus, this.stopping.signal, 'prepare topics', () => transport.prepare([]));
    if (this.stopping.signal.aborted) return;
    this.relay.start();
    this.relaying = true;
    this.repairState();
  }

  private repairState(): void {
    const { logger, transport } = this.bus;
    const subscription = transport.readOwnState({
      handler: (record) => this.repair.read(record),
      onMalformed: (reason) => logger.warn({ reason }, 'a state record cannot be read'),
    });
    if (!subscription) return;
    this.repair.start();
    subscription.failed.catch((err: unknown) => {
      logger.error({ err }, 'the state channel cannot be read any more; the process ends to be started anew');
      process.exit(1);
    });
  }
}
