import { setTimeout as pause } from 'node:timers/promises';
import { type Backoff, backoffMs } from '@tenantry/kernel';
import type { Logger, Subscription } from '@tenantry/messaging';

const BACKOFF: Backoff = { baseMs: 250, maxMs: 30_000 };
/** A subscription that lasted this long, in milliseconds, was a good one: the next back-off starts anew. */
const GOOD_AFTER_MS = 60_000;

/**
 * Keeps a subscription going: when it cannot be had, or fails, it is opened again after a back-off, for ever. A data
 * plane goes on serving while the broker is away, so it must not end over it.
 */
export class KeptSubscription {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly name: string,
    private readonly open: () => Promise<Subscription>,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.running ??= this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    const stopped = new Promise<'stopped'>((resolve) =>
      signal.addEventListener('abort', () => resolve('stopped'), { once: true }),
    );
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      const openedAt = performance.now();
      try {
        const opening = this.open();
        const subscription = await Promise.race([opening, stopped]);
        if (subscription === 'stopped') {
          // Opening may take as long as the broker is away; nobody waits for that.
          opening.then((late) => late.stop()).catch(() => undefined);
        } else {
          await lasting(subscription, stopped);
        }
      } catch (err) {
        if (performance.now() - openedAt >= GOOD_AFTER_MS) attempt = 1;
        const waitMs = backoffMs(BACKOFF, attempt);
        this.logger.error(
          { err, subscription: this.name, attempt, waitMs },
          'a subscription failed and is opened again',
        );
        await pause(waitMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}

/**
 * Waits until the subscription is stopped by us, or fails. It is stopped then too: it may still hold connections, which
 * the next one needs.
 */
async function lasting(subscription: Subscription, stopped: Promise<unknown>): Promise<void> {
  try {
    await Promise.race([subscription.failed, stopped]);
  } catch (error) {
    await subscription.stop().catch(() => undefined);
    throw error;
  }
  await subscription.stop();
}
