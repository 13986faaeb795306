/**
 * A lease that is being renewed, every third of its length. `held` turns false, for good, as soon as the renewal was refused or the
 * last granted time has passed on this process's monotonic clock: a process that was paused knows it before it acts.
 */
export class Lease {
  private validUntil: number;
  private lost = false;
  private readonly timer: NodeJS.Timeout;

  /**
   * @param grantedAt `performance.now()` from *before* the lease was asked for.
   * @param renew answers whether the lease was still ours; an error counts as no answer, and time goes on.
   */
  constructor(
    private readonly leaseMs: number,
    grantedAt: number,
    private readonly renew: () => Promise<boolean>,
  ) {
    this.validUntil = grantedAt + leaseMs;
    this.timer = setInterval(() => void this.tick(), leaseMs / 3);
  }

  get held(): boolean {
    return !this.lost && performance.now() < this.validUntil;
  }

  /** Stops renewing; does not give the lease back. */
  end(): void {
    clearInterval(this.timer);
  }

  private async tick(): Promise<void> {
    const askedAt = performance.now();
    const renewed = await this.renew().catch(() => undefined);
    if (!this.held || renewed === false) {
      this.lost = true;
      this.end();
    } else if (renewed) this.validUntil = askedAt + this.leaseMs;
  }
}
