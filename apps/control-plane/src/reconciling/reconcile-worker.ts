import { backoffMs } from '@tenantry/kernel';
import { WorkLoop } from '@tenantry/messaging';
import { withLogFields } from '@tenantry/service';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CommitSignal } from '../database/commit-signal.js';
import { managerExecutor } from '../database/manager-executor.js';
import { TenantReconciler } from './tenant.reconciler.js';
import { WakeStore, type Claim } from './wake.store.js';

const LEASE_MS = 30_000;
const CONCURRENCY = 4;
const ERROR_BACKOFF = { baseMs: 500, maxMs: 30_000 };

/**
 * Claims due wake-ups and reconciles their tenants, a few at a time; any number of replicas share the table. A tenant whose row is
 * held by somebody keeps one slot, never the others.
 */
@Injectable()
export class ReconcileWorker {
  private readonly logger = new Logger(ReconcileWorker.name);
  private readonly working = new Set<Promise<void>>();
  private readonly loop: WorkLoop;
  private sweeper: NodeJS.Timeout | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly wakes: WakeStore,
    private readonly reconciler: TenantReconciler,
    committed: CommitSignal,
  ) {
    this.loop = new WorkLoop({
      step: () => this.claim(),
      minPauseMs: 50,
      maxPauseMs: 1000,
      onError: (error) => this.logger.warn({ msg: 'could not claim wake-ups', err: error }),
    });
    committed.onCommit(() => this.loop.wake());
  }

  start(sweepIntervalMs: number): void {
    this.loop.start();
    const sweep = (): void => void this.sweep();
    sweep();
    this.sweeper = setInterval(sweep, sweepIntervalMs);
  }

  /** Stops claiming and waits for the steps that are running; their claims are ended, so another replica goes on at once. */
  async stop(): Promise<void> {
    clearInterval(this.sweeper);
    await this.loop.stop();
    await Promise.all(this.working);
  }

  private async claim(): Promise<boolean> {
    const free = CONCURRENCY - this.working.size;
    if (free <= 0) return false;
    const claims = await this.wakes.claim(managerExecutor(this.dataSource.manager), free, LEASE_MS);
    for (const claim of claims) {
      const { tenantId } = claim;
      const working: Promise<void> = withLogFields({ tenantId }, () => this.work(claim)).finally(() => {
        this.working.delete(working);
        this.loop.wake();
      });
      this.working.add(working);
    }
    return claims.length > 0;
  }

  private async work(claim: Claim): Promise<void> {
    const sql = managerExecutor(this.dataSource.manager);
    try {
      const waitUntil = await this.reconciler.run(claim.tenantId);
      if (waitUntil) await this.wakes.waitUntil(sql, claim, waitUntil);
      else await this.wakes.done(sql, claim);
    } catch (error) {
      const { tenantId, attempts } = claim;
      this.logger.error({ msg: 'could not reconcile a tenant', tenantId, attempts, err: error });
      const reason = error instanceof Error ? error.message : String(error);
      // Where even this can't be written, the lease runs out and the tenant is claimed again.
      await this.wakes
        .retryAfter(sql, claim, backoffMs(ERROR_BACKOFF, attempts), reason)
        .catch((failure: unknown) => {
          this.logger.warn({ msg: 'could not note a failed reconciliation', tenantId, err: failure });
        });
    }
  }

  private async sweep(): Promise<void> {
    try {
      const woken = await this.wakes.sweep(managerExecutor(this.dataSource.manager));
      if (woken > 0) this.loop.wake();
    } catch (error) {
      this.logger.warn({ msg: 'could not sweep unsettled tenants', err: error });
    }
  }
}
