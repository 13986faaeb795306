import { NotFound } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { TenantStore } from '../tenants/tenant.store.js';
import { ParkedFactStore } from './parked-fact.store.js';
import { ParkedFactActionRefused } from './parked.errors.js';
import { recoveryRefusal } from './recovery.js';
import { RecoveryRequests } from './recovery-requests.js';
import { RecoveryStore } from './recovery.store.js';
import { toRecoveryView, type RecoveryView } from './recovery.view.js';

/**
 * Asks the participant to try a parked fact again, or to give it up, and to go on with what waits behind it.
 *
 * @throws NotFound, ParkedFactActionRefused
 */
export class RecoverParkedFact extends Command<RecoveryView> {
  constructor(
    readonly parkedId: string,
    readonly kind: 'redrive' | 'skip',
    readonly reason: string | null,
    readonly caller: Caller,
  ) {
    super();
  }
}

const SKIPPED_FOR_GOOD = 'The fact is not applied; only a replay from its sequence brings it back.';

@CommandHandler(RecoverParkedFact)
export class RecoverParkedFactHandler implements ICommandHandler<RecoverParkedFact> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantStore,
    private readonly parkedFacts: ParkedFactStore,
    private readonly recoveries: RecoveryStore,
    private readonly requests: RecoveryRequests,
    private readonly audit: AuditLog,
  ) {}

  execute({ parkedId, kind, reason, caller }: RecoverParkedFact): Promise<RecoveryView> {
    return this.unitOfWork.run(async (tx) => {
      const known = await this.parkedFacts.findTx(tx, parkedId);
      const tenant = known && (await this.tenants.lockTx(tx, known.tenantId));
      // Read again under the lock: the participant may have answered meanwhile.
      const parked = tenant && (await this.parkedFacts.findTx(tx, parkedId));
      if (!parked) throw new NotFound('parked fact');
      const refusal = recoveryRefusal(parked, await this.recoveries.pendingTx(tx, parked));
      if (refusal) throw new ParkedFactActionRefused(refusal, parked.state);
      const { participant, group, tenantId, tenantSeq } = parked;
      const recovery = await this.requests.beginTx(tx, tenant, {
        kind,
        participant,
        group,
        tenantSeq,
        parkedId,
        caller,
        reason,
      });
      await this.audit.recordTx(tx, {
        caller,
        tenantId,
        action: `parked_fact.${kind}`,
        resource: `parked/${parkedId}`,
        reason,
        before: { state: parked.state, attempts: parked.attempts, error: parked.error },
        after: { recoveryId: recovery.id, participant, group, tenantSeq },
        irreversible: kind === 'skip' ? SKIPPED_FOR_GOOD : undefined,
      });
      return toRecoveryView(recovery);
    });
  }
}
