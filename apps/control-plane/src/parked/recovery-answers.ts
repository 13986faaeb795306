import type { Acknowledgement } from '@tenantry/contracts';
import { isUuid } from '@tenantry/kernel';
import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import { ParkedFactStore } from './parked-fact.store.js';
import { RecoveryRequests } from './recovery-requests.js';
import { RecoveryStore } from './recovery.store.js';

/** Takes in what participants answer to redrives, skips and replays. */
@Injectable()
export class RecoveryAnswers {
  constructor(
    private readonly recoveries: RecoveryStore,
    private readonly requests: RecoveryRequests,
    private readonly parkedFacts: ParkedFactStore,
  ) {}

  /**
   * Matches an answer on (operation, generation, participant); the first that ends the recovery counts, whatever attempt it answers.
   * To be called under the tenant's row lock.
   *
   * @returns false when it answers no recovery of this tenant.
   */
  async takeInTx(tx: Tx, tenantId: string, answer: Acknowledgement): Promise<boolean> {
    if (!isUuid(answer.operationId)) return false;
    const recovery = await this.recoveries.findTx(tx, answer.operationId);
    if (
      recovery?.tenantId !== tenantId ||
      recovery.participant !== answer.participant ||
      recovery.generation !== answer.generation
    )
      return false;
    if (recovery.state !== 'pending') return true;
    if (answer.outcome === 'in_progress')
      await this.recoveries.extendTx(
        tx,
        recovery,
        await this.requests.nextAtTx(tx, recovery.participant, recovery.attempts),
      );
    else await this.recoveries.finishTx(tx, recovery, answer.outcome, answer);
    // It has gone on beyond the fact, whatever became of its announcement.
    if (answer.outcome === 'succeeded' && recovery.parkedId !== null)
      await this.parkedFacts.resolvedTx(
        tx,
        recovery.parkedId,
        recovery.kind === 'skip' ? 'skipped' : 'applied',
      );
    return true;
  }
}
