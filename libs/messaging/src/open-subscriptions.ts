import type { Subscription } from './transport.js';

/** The subscriptions that end with their transport. */
export class OpenSubscriptions {
  private readonly open = new Set<Subscription>();

  /** Keeps the subscription until it fails. */
  add(subscription: Subscription): void {
    this.open.add(subscription);
    subscription.failed.catch(() => this.open.delete(subscription));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.open].map((subscription) => subscription.stop()));
  }
}
