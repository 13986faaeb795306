import type { Logger, ParticipantTransport } from '@tenantry/messaging';
import { KeptSubscription } from './participant/kept-subscription.js';
import type { RouteCache } from './route-cache.js';
import type { RouteSnapshot } from './route-snapshot.js';

/** Feeds the route cache: at once from the snapshot, then from the state channel, whose news go into the snapshot. */
export class RouteFollower {
  private readonly subscription: KeptSubscription;

  constructor(
    private readonly cache: RouteCache,
    private readonly snapshot: RouteSnapshot,
    transport: Pick<ParticipantTransport, 'followState'>,
    private readonly logger: Logger,
  ) {
    this.subscription = new KeptSubscription('state', () => this.follow(transport), logger);
  }

  /** Resolves when the snapshot is loaded; the rest goes on in the background. */
  async start(): Promise<void> {
    for (const record of await this.snapshot.load()) this.cache.apply(record);
    this.subscription.start();
  }

  async stop(): Promise<void> {
    await this.subscription.stop();
    await this.snapshot.flush();
  }

  private async follow(transport: Pick<ParticipantTransport, 'followState'>) {
    const subscription = await transport.followState({
      handler: (record) => {
        if (this.cache.apply(record)) this.snapshot.save(record);
      },
      onMalformed: (reason) =>
        this.logger.error({ reason }, 'a state record could not be read and was passed over'),
    });
    this.cache.markComplete();
    return subscription;
  }
}
