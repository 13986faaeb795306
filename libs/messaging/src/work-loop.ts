import { backoffMs, type Backoff } from '@tenantry/kernel';

const ERROR_BACKOFF: Backoff = { baseMs: 200, maxMs: 5_000 };

export interface WorkLoopOptions {
  /** Does what is due. Answers whether there may be more: then it is asked again at once. Never run twice at a time. */
  readonly step: () => Promise<boolean>;
  /** The first pause after an idle step, in milliseconds. */
  readonly minPauseMs: number;
  /** What the pause doubles up to. */
  readonly maxPauseMs: number;
  /** Told of every error; the next step follows after a back-off from 200 ms to 5 s. */
  readonly onError: (error: unknown) => void;
}

/** Runs a step again and again: at once while there is work, then ever more seldom, and immediately when it is woken. */
export class WorkLoop {
  private running?: Promise<void>;
  private stopping = false;
  private woken = false;
  private endPause?: () => void;

  constructor(private readonly options: WorkLoopOptions) {}

  start(): void {
    this.running ??= this.run();
  }

  /** Has the step run now, or once more if it is running. */
  wake(): void {
    this.woken = true;
    this.endPause?.();
  }

  /** Resolves when the running step is done; none follows. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.endPause?.();
    await this.running;
  }

  private async run(): Promise<void> {
    const { step, minPauseMs, maxPauseMs, onError } = this.options;
    let pauseMs = minPauseMs;
    let failures = 0;
    while (!this.stopping) {
      this.woken = false;
      try {
        const more = await step();
        failures = 0;
        if (more) pauseMs = minPauseMs;
        else if (await this.pause(pauseMs, () => this.woken)) pauseMs = minPauseMs;
        else pauseMs = Math.min(maxPauseMs, Math.max(1, pauseMs * 2));
      } catch (error) {
        failures += 1;
        onError(error);
        // A wake must not turn the back-off into a hot loop.
        await this.pause(backoffMs(ERROR_BACKOFF, failures), () => false);
      }
    }
  }

  /** Waits; answers whether that was cut short, by `isOver` or by a stop. */
  private async pause(ms: number, isOver: () => boolean): Promise<boolean> {
    const over = (): boolean => this.stopping || isOver();
    if (over()) return true;
    try {
      return await new Promise<boolean>((resolve) => {
        const timer = setTimeout(resolve, ms, false);
        this.endPause = () => {
          if (!over()) return;
          clearTimeout(timer);
          resolve(true);
        };
      });
    } finally {
      this.endPause = undefined;
    }
  }
}
