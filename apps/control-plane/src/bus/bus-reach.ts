import type { HealthFinding, HealthReport } from '@tenantry/service';

/** What this process waits for at the bus. Neither the API nor the reconciler needs it: what they commit waits in the outbox. */
export class BusReach {
  private readonly waiting = new Set<string>();

  /** What cannot be done yet, in words. */
  get waitingFor(): readonly string[] {
    return [...this.waiting];
  }

  waitsFor(what: string): void {
    this.waiting.add(what);
  }

  reached(what: string): void {
    this.waiting.delete(what);
  }
}

/** What `/healthz` tells of the bus: whether something waits until it can be reached. */
export function busReport(reach: BusReach): HealthReport {
  return {
    name: 'bus',
    read: (): HealthFinding => {
      const { waitingFor } = reach;
      return waitingFor.length === 0
        ? { status: 'ok' }
        : { status: 'degraded', waitingFor: waitingFor.join(', ') };
    },
  };
}
