import { pgExecutor } from '@tenantry/database';
import { readEpoch, Relay, WorkLoop, type NumberAhead, type RelayOptions } from '@tenantry/messaging';
import type { PromotionComparison } from './promotion-comparison.js';

export interface GuardedRelayOptions extends RelayOptions {
  /** What has to be done before anything is sent, whenever it is due. Default: nothing ever is. */
  readonly comparison?: Pick<PromotionComparison, 'isDue' | 'run' | 'stop'>;
}

/** How often it is looked whether the relay may run, in milliseconds. */
const LOOK_MS = 1_000;

/**
 * A relay that runs only while the database is not behind its own state channel. One that is was restored, or lost its last
 * transactions: consumers would take what it sends for old, and its records would lie above the newer ones. Nothing is lost by waiting; the
 * outbox keeps it until the epoch is raised.
 */
export class GuardedRelay {
  private relay: Relay | undefined;
  private told = false;
  private readonly loop: WorkLoop;

  constructor(private readonly options: GuardedRelayOptions) {
    this.loop = new WorkLoop({
      step: () => this.look(),
      minPauseMs: LOOK_MS,
      maxPauseMs: LOOK_MS,
      onError: (err) => options.logger.warn({ err }, 'the epoch cannot be read'),
    });
  }

  start(): void {
    this.loop.start();
  }

  /** As that of the relay; does nothing while it does not run. */
  wake(): void {
    this.relay?.wake();
  }

  async stop(): Promise<void> {
    this.options.comparison?.stop();
    await this.loop.stop();
    await this.relay?.stop();
  }

  private async look(): Promise<boolean> {
    const { pool, comparison } = this.options;
    const { ahead } = await readEpoch(pgExecutor(pool));
    if (ahead) await this.halt(ahead);
    else if (await comparison?.isDue()) return this.compare(comparison!);
    else this.run();
    return false;
  }

  /** @returns true: what it has found is looked at next. */
  private async compare(comparison: Pick<PromotionComparison, 'run'>): Promise<boolean> {
    await this.rest();
    await comparison.run();
    return true;
  }

  private run(): void {
    if (this.relay) return;
    if (this.told) this.options.logger.info({}, 'the epoch was raised; the relay sends again');
    this.told = false;
    this.relay = new Relay(this.options);
    this.relay.start();
  }

  private async halt({ tenantId, tenantSeq }: NumberAhead): Promise<void> {
    if (!this.told) {
      this.options.logger.error(
        { tenantId, tenantSeq },
        'the state channel is ahead of the database, which was restored or lost transactions; nothing is sent until main.migrate --raise-epoch was run',
      );
    }
    this.told = true;
    await this.rest();
  }

  private async rest(): Promise<void> {
    const { relay } = this;
    this.relay = undefined;
    await relay?.stop();
  }
}
