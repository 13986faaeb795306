import type { WorkControl } from '@tenantry/messaging';

/** How often the control plane is told, at most, in milliseconds; well below any acknowledgement timeout. */
const TELL_EVERY_MS = 2000;

/**
 * How far the steps of a request are, told now and then, so that long work is not taken for a dead service. Only what is
 * done counts: work that hangs tells nothing, and becomes overdue.
 */
export class StepProgress {
  private done = 0;
  private toldAt = performance.now();

  /** @param expected how many steps there will be; more are no harm. */
  constructor(
    private readonly control: Pick<WorkControl, 'progress'>,
    private readonly expected: number,
  ) {}

  async stepDone(): Promise<void> {
    this.done += 1;
    await this.within(0);
  }

  /** In the middle of a step, of which a share (0 to 1) is done. A message that is lost is no reason to stop working. */
  async within(share: number): Promise<void> {
    if (performance.now() - this.toldAt < TELL_EVERY_MS) return;
    this.toldAt = performance.now();
    const percent = Math.min(99, Math.floor((100 * (this.done + share)) / this.expected));
    await this.control.progress(percent).catch(() => undefined);
  }
}
