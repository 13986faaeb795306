import type { Subscription } from './transport.js';

/** A subscription whose owner says when it has failed and how it stops. */
export class BackgroundSubscription implements Subscription {
  readonly failed: Promise<never>;
  /** Aborted as soon as `stop` is called. */
  readonly signal: AbortSignal;
  private readonly controller = new AbortController();
  private reject: (error: unknown) => void = () => undefined;
  private stopped?: Promise<void>;

  constructor(private readonly end: () => Promise<void>) {
    this.signal = this.controller.signal;
    this.failed = new Promise<never>((_, reject) => (this.reject = reject));
    // Whoever does not watch it must not have the process ended by an unhandled rejection.
    this.failed.catch(() => undefined);
  }

  /** Declares that it can never go on, and stops it: whoever subscribes again must not find this one still at work. */
  fail(error: unknown): void {
    this.reject(error);
    this.stop().catch(() => undefined);
  }

  stop(): Promise<void> {
    this.controller.abort();
    this.stopped ??= this.end();
    return this.stopped;
  }
}
