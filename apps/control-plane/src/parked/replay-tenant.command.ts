import { InvalidRequest } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork, type Tx } from '../database/unit-of-work.js';
import { ParticipantStore } from '../participants/participant.store.js';
import { lockTenant } from '../tenants/locked-tenant.js';
import type { Tenant } from '../tenants/tenant.entity.js';
import { TenantPurged } from '../tenants/tenant.errors.js';
import { TenantStore } from '../tenants/tenant.store.js';
import { FactHistory } from './fact-history.js';
import { ReplayRefused } from './parked.errors.js';
import { isGroupOf, pendingRefusal } from './recovery.js';
import { RecoveryRequests } from './recovery-requests.js';
import { RecoveryStore } from './recovery.store.js';
import { toRecoveryView, type RecoveryView } from './recovery.view.js';

/** Which facts are to be applied again, and where. */
export interface ReplayOrder {
  readonly tenantId: string;
  readonly participant: string;
  readonly group: string;
  readonly fromSeq: number;
}

/**
 * Asks one group of a participant to apply a tenant's facts from a sequence on again, up to now.
 *
 * @throws TenantNotFound, InvalidRequest, TenantPurged, ReplayRefused
 */
export class ReplayTenant extends Command<RecoveryView> {
  constructor(
    readonly order: ReplayOrder,
    readonly reason: string,
    readonly caller: Caller,
  ) {
    super();
  }
}

@CommandHandler(ReplayTenant)
export class ReplayTenantHandler implements ICommandHandler<ReplayTenant> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantStore,
    private readonly participants: ParticipantStore,
    private readonly recoveries: RecoveryStore,
    private readonly requests: RecoveryRequests,
    private readonly history: FactHistory,
    private readonly audit: AuditLog,
  ) {}

  execute({ order, reason, caller }: ReplayTenant): Promise<RecoveryView> {
    return this.unitOfWork.run(async (tx) => {
      const tenant = await lockTenant(tx, this.tenants, order.tenantId);
      await this.checkTx(tx, tenant, order);
      const { tenantId, participant, group } = order;
      const pending = await this.recoveries.pendingTx(tx, order);
      if (pending) throw new ReplayRefused(pendingRefusal(pending));
      const recovery = await this.requests.beginTx(tx, tenant, {
        kind: 'replay',
        participant,
        group,
        tenantSeq: String(order.fromSeq),
        toSeq: String(tenant.tenantSeq),
        caller,
        reason,
      });
      await this.audit.recordTx(tx, {
        caller,
        tenantId,
        action: 'tenant.replay',
        resource: `replays/${recovery.id}`,
        reason,
        after: { participant, group, fromSeq: order.fromSeq, toSeq: Number(recovery.toSeq) },
      });
      return toRecoveryView(recovery);
    });
  }

  private async checkTx(tx: Tx, tenant: Tenant, { participant, group, fromSeq }: ReplayOrder): Promise<void> {
    const known = (await this.participants.allTx(tx)).find(({ name }) => name === participant);
    if (!known || known.retiredAt) throw invalid('/participant', 'is no participant of this installation');
    if (!isGroupOf(participant, group))
      throw invalid('/group', 'must be the participant’s name, or that and a dot and more');
    // Its data is being destroyed, or is: a fact that is applied now would bring some of it back.
    if (tenant.desired === 'purged') throw new TenantPurged(tenant.state);
    if (fromSeq > tenant.tenantSeq)
      throw invalid('/fromSeq', `must be at most the tenant’s last sequence, which is ${tenant.tenantSeq}`);
    const first = await this.history.firstSeqTx(tx, tenant.id);
    if (first !== undefined && first > 1n && BigInt(fromSeq) < first)
      throw new ReplayRefused(
        `The history of this tenant begins at sequence ${first}; what was before is gone.`,
      );
  }
}

function invalid(pointer: string, detail: string): InvalidRequest {
  return new InvalidRequest([{ in: 'body', pointer, detail }]);
}
