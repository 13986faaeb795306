import type { WorkControl } from '@tenantry/messaging';

/** How often the control plane is told, at most, in milliseconds; well below any acknowledgement timeout. */
const TELL_EVERY_MS = 2000;

/** How far a scan is, told now and then, so that a long one is not taken for a dead one. */
export class ScanProgress {
  private expected = 0;
  private done = 0;
  private toldAt = performance.now();

  constructor(private readonly control: Pick<WorkControl, 'signal' | 'progress'>) {}

  /** So many databases more. */
  expect(databases: number): void {
    this.expected += databases;
  }

  databaseDone(): void {
    this.done += 1;
  }

  /** Called after each piece of work. @throws WorkAbandoned when the scan is to end; a message that was lost is no reason to. */
  async tick(): Promise<void> {
    const { signal } = this.control;
    signal.throwIfAborted();
    if (performance.now() - this.toldAt < TELL_EVERY_MS) return;
    this.toldAt = performance.now();
    await this.control
      .progress(Math.floor((100 * this.done) / Math.max(this.expected, 1)))
      .catch(() => undefined);
    signal.throwIfAborted();
  }
}
