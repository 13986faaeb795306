import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '@tenantry/messaging';
import type { RouteCache } from '../route-cache.js';
import { isOpen, type OrphanReport } from './orphan-report.js';
import type { OrphanSweeper } from './orphan-sweeper.js';

/** The first sweep of a process comes within this time, so that one which is restarted often sweeps too. */
const FIRST_WITHIN_MS = 60_000;
/** Findings that are logged in full; the report has the others. */
const LOGGED = 20;

/** Sweeps again and again as long as the process runs, reports, and deletes nothing. */
export class OrphanSchedule {
  /** What the last sweep found; undefined before the first one has ended. */
  lastReport: OrphanReport | undefined;
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  /** @param intervalMs from the end of a sweep to the next, in milliseconds. */
  constructor(
    private readonly sweeper: Pick<OrphanSweeper, 'sweep'>,
    private readonly routes: Pick<RouteCache, 'untilComplete'>,
    private readonly intervalMs: number,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.running ??= this.run(this.stopping.signal);
  }

  /** Ends a running sweep at its next tenants. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(signal: AbortSignal): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([this.routes.untilComplete(), stopped]);
    // The processes of a service are often started together, and need not sweep together.
    await this.wait(Math.random() * Math.min(FIRST_WITHIN_MS, this.intervalMs), signal);
    while (!signal.aborted) {
      await this.sweepOnce(signal);
      await this.wait(this.intervalMs, signal);
    }
  }

  private async sweepOnce(signal: AbortSignal): Promise<void> {
    try {
      this.lastReport = await this.sweeper.sweep({ delete: false, signal });
      this.log(this.lastReport);
    } catch (err) {
      if (!signal.aborted) this.logger.warn({ err }, 'orphans could not be looked for');
    }
  }

  private log({ findings, counts, tenants, cluster, database }: OrphanReport): void {
    const wrong = findings.filter((finding) => isOpen(finding) && finding.kind !== 'unmarked');
    if (wrong.length === 0)
      this.logger.debug({ counts, tenants, cluster, database }, 'no orphans were found');
    else
      this.logger.warn(
        { counts, tenants, cluster, database, findings: wrong.slice(0, LOGGED) },
        'the database and the tenants do not match',
      );
  }

  private async wait(ms: number, signal: AbortSignal): Promise<void> {
    await pause(ms, undefined, { signal }).catch(() => undefined);
  }
}
