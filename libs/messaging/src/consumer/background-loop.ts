import { backoffMs, type Backoff } from '@tenantry/kernel';

const FAILURE_BACKOFF: Backoff = { baseMs: 200, maxMs: 10_000 };

export interface BackgroundLoopOptions {
  /** One round; a rejection is reported and the next round waits longer. */
  readonly tick: () => Promise<void>;
  /** The pause between rounds when nobody wakes the loop. */
  readonly intervalMs: number;
  readonly onError: (error: unknown) => void;
}

/** Runs a round at a time, at an interval or when woken; a wake during a round makes another one follow at once. */
export class BackgroundLoop {
  private running: Promise<void> | undefined;
  private stopping = false;
  private woken = false;
  private endPause: (() => void) | undefined;

  constructor(private readonly options: BackgroundLoopOptions) {}

  /** Begins with a round at once; a second call does nothing. */
  start(): void {
    this.running ??= this.run();
  }

  wake(): void {
    this.woken = true;
    this.endPause?.();
  }

  /** No further round; resolves when the running one has ended. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.endPause?.();
    await this.running;
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (!this.stopping) {
      this.woken = false;
      try {
        await this.options.tick();
        failures = 0;
      } catch (error) {
        failures += 1;
        this.options.onError(error);
      }
      // After a failure a wake must not turn the back-off into a hot loop.
      await this.pause(
        failures ? backoffMs(FAILURE_BACKOFF, failures) : this.options.intervalMs,
        failures > 0,
      );
    }
  }

  private async pause(ms: number, deaf: boolean): Promise<void> {
    const ended = (): boolean => this.stopping || (this.woken && !deaf);
    if (ended()) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.endPause = () => {
        if (!ended()) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.endPause = undefined;
  }
}
