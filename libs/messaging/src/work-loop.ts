export interface WorkLoopOptions {
  /** Does what is due. Answers whether it did anything: then it is asked again at once. Never run twice at a time. */
  readonly step: () => Promise<boolean>;
  /** The first pause after an idle step, in milliseconds. */
  readonly minPauseMs: number;
  /** What the pause doubles up to, and the pause after an error. */
  readonly maxPauseMs: number;
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
    while (!this.stopping) {
      this.woken = false;
      try {
        if (await step()) {
          pauseMs = minPauseMs;
          continue;
        }
      } catch (error) {
        onError(error);
        pauseMs = maxPauseMs;
      }
      if (await this.pause(pauseMs)) pauseMs = minPauseMs;
      else pauseMs = Math.min(maxPauseMs, Math.max(1, pauseMs * 2));
    }
  }

  /** Answers whether the pause was cut short. */
  private pause(ms: number): Promise<boolean> {
    if (this.woken || this.stopping) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (woken: boolean) => {
        clearTimeout(timer);
        this.endPause = undefined;
        resolve(woken);
      };
      const timer = setTimeout(end, ms, false);
      this.endPause = () => end(true);
    });
  }
}
