import type { Logger, ParticipantTransport } from '@tenantry/messaging';
import { KeptSubscription } from './participant/kept-subscription.js';
import type { RouteCache } from './route-cache.js';
import type { RouteHealth } from './route-health.js';
import { RouteMetrics } from './route-metrics.js';
import type { RouteSnapshot } from './route-snapshot.js';
import { RouteStaleness } from './route-staleness.js';

/** How often it is looked whether the routes are too old, and how old they are is saved, in milliseconds. */
const LOOK_EVERY_MS = 5_000;

export interface RouteFollowerParts {
  readonly cache: RouteCache;
  readonly snapshot: RouteSnapshot;
  readonly transport: Pick<ParticipantTransport, 'followState'>;
  readonly logger: Logger;
  /** From which age on a person should look at it, in milliseconds. */
  readonly alertAfterMs: number;
}

/** Feeds the route cache: at once from the snapshot, then from the state channel, whose news go into the snapshot. */
export class RouteFollower {
  private readonly subscription: KeptSubscription;
  private readonly staleness = new RouteStaleness();
  private readonly metrics: RouteMetrics;
  private looking: NodeJS.Timeout | undefined;
  private confirming: Promise<void> | undefined;
  private confirmed = false;
  private wasStale = false;

  constructor(private readonly parts: RouteFollowerParts) {
    this.subscription = new KeptSubscription('state', () => this.follow(), parts.logger);
    this.metrics = new RouteMetrics(() => this.health);
  }

  get health(): RouteHealth {
    const { cache, alertAfterMs } = this.parts;
    const stalenessMs = this.staleness.ms;
    return {
      stalenessMs,
      alertAfterMs,
      isStale: stalenessMs > alertAfterMs,
      isComplete: cache.isComplete,
      tenants: cache.size,
    };
  }

  /** Resolves when the snapshot is loaded; the rest goes on in the background. */
  async start(): Promise<void> {
    const { cache, snapshot, logger } = this.parts;
    for await (const records of snapshot.load()) for (const record of records) cache.apply(record);
    const ageMs = await snapshot.ageMs();
    if (ageMs !== undefined) this.staleness.resume(ageMs);
    logger.info({ tenants: cache.size, ageMs }, 'the route snapshot is loaded');
    this.subscription.start();
    this.looking = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.looking);
    await this.subscription.stop();
    await this.confirming;
    await this.saveAge();
    await this.parts.snapshot.flush();
    this.metrics.stop();
  }

  private async follow() {
    const { cache, snapshot, transport, logger } = this.parts;
    const startedAt = performance.now();
    const subscription = await transport.followState({
      handler: (record) => {
        const isNew = cache.apply(record);
        this.metrics.countRecord(isNew ? 'taken' : 'known');
        if (isNew) snapshot.save(record);
      },
      onMalformed: (reason) => {
        this.metrics.countRecord('malformed');
        logger.error({ reason }, 'a state record could not be read and was passed over');
      },
      onCurrent: () => {
        this.staleness.confirm();
        this.confirmed = true;
      },
    });
    cache.markComplete();
    const seconds = (performance.now() - startedAt) / 1000;
    this.metrics.noteBootstrap(seconds);
    logger.info({ tenants: cache.size, seconds }, 'every route is known');
    return subscription;
  }

  private look(): void {
    const { isStale, stalenessMs, alertAfterMs } = this.health;
    if (isStale !== this.wasStale) {
      this.wasStale = isStale;
      const { logger } = this.parts;
      if (isStale)
        logger.warn({ stalenessMs, alertAfterMs }, 'routes are old: the state channel does not answer');
      else logger.info({ stalenessMs }, 'routes are up to date again');
    }
    this.confirming ??= this.saveAge().finally(() => (this.confirming = undefined));
  }

  /** How old they are is saved with the routes, so that a process that starts in an outage knows it. */
  private async saveAge(): Promise<void> {
    if (!this.confirmed) return;
    this.confirmed = false;
    if (!(await this.parts.snapshot.confirm(this.staleness.ms))) this.confirmed = true;
  }
}
