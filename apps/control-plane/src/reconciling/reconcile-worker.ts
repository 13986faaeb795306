import { backoffMs } from '@tenantry/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CommitSignal } from '../database/commit-signal.js';
import { managerExecutor } from '../database/manager-executor.js';
import { TenantReconciler } from './tenant.reconciler.js';
import { WakeStore, type Claim } from './wake.store.js';

const LEASE_MS = 30_000;
const BATCH = 20;
const CONCURRENCY = 4;
const POLL_MIN_MS = 50;
const POLL_MAX_MS = 1000;
const ERROR_BACKOFF = { baseMs: 500, maxMs: 30_000 };

/** Claims due wake-ups and reconciles their tenants, a few at a time; any number of replicas share the table. */
@Injectable()
export class ReconcileWorker {
  private readonly logger = new Logger(ReconcileWorker.name);
  private stopped = true;
  private loop: Promise<void> | undefined;
  private signal: (() => void) | undefined;
  private signalled = false;
  private sweeper: NodeJS.Timeout | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly wakes: WakeStore,
    private readonly reconciler: TenantReconciler,
    committed: CommitSignal,
  ) {
    committed.onCommit(() => this.wake());
  }

  start(sweepIntervalMs: number): void {
    this.stopped = false;
    this.loop = this.run();
    const sweep = (): void => void this.sweep();
    sweep();
    this.sweeper = setInterval(sweep, sweepIntervalMs);
  }

  /** Stops claiming and waits for the steps that are running; their claims are ended, so another replica goes on at once. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.sweeper);
    this.wake();
    await this.loop;
  }

  wake(): void {
    this.signalled = true;
    this.signal?.();
  }

  private async run(): Promise<void> {
    let pauseMs = POLL_MIN_MS;
    while (!this.stopped) {
      const worked = await this.round();
      pauseMs = worked ? 0 : Math.min(POLL_MAX_MS, Math.max(POLL_MIN_MS, pauseMs * 2));
      if (pauseMs > 0 && (await this.pause(pauseMs))) pauseMs = POLL_MIN_MS;
    }
  }

  private async round(): Promise<boolean> {
    this.signalled = false;
    try {
      const claims = await this.wakes.claim(managerExecutor(this.dataSource.manager), BATCH, LEASE_MS);
      const queue = [...claims];
      await Promise.all(Array.from({ length: CONCURRENCY }, () => this.drain(queue)));
      return claims.length > 0;
    } catch (error) {
      this.logger.warn({ msg: 'could not claim wake-ups', err: error });
      return false;
    }
  }

  private async drain(queue: Claim[]): Promise<void> {
    for (let claim = queue.shift(); claim; claim = queue.shift()) await this.work(claim);
  }

  private async work(claim: Claim): Promise<void> {
    const sql = managerExecutor(this.dataSource.manager);
    try {
      const waitUntil = await this.reconciler.run(claim.tenantId);
      if (waitUntil) await this.wakes.waitUntil(sql, claim, waitUntil);
      else await this.wakes.done(sql, claim);
    } catch (error) {
      this.logger.error({
        msg: 'could not reconcile a tenant',
        tenantId: claim.tenantId,
        attempts: claim.attempts,
        err: error,
      });
      const delayMs = backoffMs(ERROR_BACKOFF, claim.attempts);
      const reason = error instanceof Error ? error.message : String(error);
      // Where even this can't be written, the lease runs out and the tenant is claimed again.
      await this.wakes.retryAfter(sql, claim, delayMs, reason).catch((failure: unknown) => {
        this.logger.warn({
          msg: 'could not note a failed reconciliation',
          tenantId: claim.tenantId,
          err: failure,
        });
      });
    }
  }

  private async sweep(): Promise<void> {
    try {
      const woken = await this.wakes.sweep(managerExecutor(this.dataSource.manager));
      if (woken > 0) this.wake();
    } catch (error) {
      this.logger.warn({ msg: 'could not sweep unsettled tenants', err: error });
    }
  }

  /** Waits; `true` when it was cut short by a signal. */
  private pause(ms: number): Promise<boolean> {
    if (this.signalled || this.stopped) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (early: boolean): void => {
        clearTimeout(timer);
        this.signal = undefined;
        resolve(early);
      };
      const timer = setTimeout(() => end(false), ms);
      this.signal = () => end(true);
    });
  }
}
