import { WorkLoop } from '@tenantry/messaging';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { managerExecutor } from '../database/manager-executor.js';
import { UnitOfWork, type Tx } from '../database/unit-of-work.js';
import { ParticipantStore } from '../participants/participant.store.js';
import { TenantStore } from '../tenants/tenant.store.js';
import { ReplayRefused } from './parked.errors.js';
import { GIVE_UP_AFTER_MS, type Recovery } from './recovery.js';
import { RecoveryRequests } from './recovery-requests.js';
import { RecoveryStore } from './recovery.store.js';

const BATCH = 20;

/** Asks for redrives, skips and replays again that nobody has answered, with back-off, and gives them up after a day. Any number of replicas. */
@Injectable()
export class RecoveryReminderWorker {
  private readonly logger = new Logger(RecoveryReminderWorker.name);
  private readonly loop: WorkLoop;

  constructor(
    private readonly dataSource: DataSource,
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantStore,
    private readonly participants: ParticipantStore,
    private readonly recoveries: RecoveryStore,
    private readonly requests: RecoveryRequests,
  ) {
    this.loop = new WorkLoop({
      step: () => this.step(),
      minPauseMs: 500,
      maxPauseMs: 5000,
      onError: (error) => this.logger.warn({ msg: 'could not ask for a recovery again', err: error }),
    });
  }

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  /** Deals with those that are due. @returns whether there may be more. */
  async step(): Promise<boolean> {
    const due = await this.recoveries.dueTx({ sql: managerExecutor(this.dataSource.manager) }, BATCH);
    for (const { id, tenantId } of due) await this.unitOfWork.run((tx) => this.remindTx(tx, id, tenantId));
    return due.length === BATCH;
  }

  private async remindTx(tx: Tx, id: string, tenantId: string): Promise<void> {
    const tenant = await this.tenants.lockTx(tx, tenantId);
    // Read under the lock: it may have been answered, or asked for again, meanwhile.
    const recovery = await this.recoveries.findTx(tx, id);
    if (!tenant || recovery?.state !== 'pending' || !(await this.recoveries.isDueTx(tx, id))) return;
    const hopeless = await this.whyHopelessTx(tx, recovery);
    if (hopeless !== undefined) return this.giveUpTx(tx, recovery, hopeless);
    const nextAt = await this.requests.nextAtTx(tx, recovery.participant, recovery.attempts + 1);
    try {
      await this.requests.publishTx(tx, tenant, await this.recoveries.askAgainTx(tx, recovery, nextAt));
    } catch (error) {
      if (!(error instanceof ReplayRefused)) throw error;
      await this.giveUpTx(tx, recovery, error.message);
    }
  }

  private async whyHopelessTx(tx: Tx, { participant, requestedAt }: Recovery): Promise<string | undefined> {
    if (tx.now.getTime() - requestedAt.getTime() >= GIVE_UP_AFTER_MS)
      return `${participant} has not answered within a day.`;
    const { retired } = await this.participants.declaredTx(tx, participant);
    return retired ? `${participant} is retired.` : undefined;
  }

  private async giveUpTx(tx: Tx, recovery: Recovery, error: string): Promise<void> {
    await this.recoveries.finishTx(tx, recovery, 'failed', { error });
    const { id, kind, participant, tenantId } = recovery;
    this.logger.warn({ msg: 'gave up a recovery', recoveryId: id, kind, participant, tenantId, error });
  }
}
