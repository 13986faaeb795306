/** How old what is known of the routes may be: how long ago it was last known to be all there is. */
export class RouteStaleness {
  private confirmedAt: number;

  /** @param now a clock that only goes forward, in milliseconds. */
  constructor(private readonly now: () => number = () => performance.now()) {
    this.confirmedAt = now();
  }

  /** In milliseconds; since this object was made, as long as nothing was ever confirmed. */
  get ms(): number {
    return this.now() - this.confirmedAt;
  }

  /** Notes that at this moment everything is known. */
  confirm(): void {
    this.confirmedAt = this.now();
  }

  /** Takes over what an earlier process knew. @param ms how long ago that process last knew everything. */
  resume(ms: number): void {
    this.confirmedAt = this.now() - Math.max(0, ms);
  }
}
