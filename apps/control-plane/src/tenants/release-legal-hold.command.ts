import type { IfMatch } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { WakeStore } from '../reconciling/wake.store.js';
import { NoLegalHold, TenantNotFound } from './tenant.errors.js';
import { TenantStore } from './tenant.store.js';
import { toTenantView, type TenantView } from './tenant.view.js';

/** Takes a legal hold away; a purge whose deadline has passed begins. @throws TenantNotFound, PreconditionFailed, NoLegalHold */
export class ReleaseLegalHold extends Command<TenantView> {
  constructor(
    readonly tenantId: string,
    readonly reason: string | null,
    readonly caller: Caller,
    readonly ifMatch?: IfMatch,
  ) {
    super();
  }
}

@CommandHandler(ReleaseLegalHold)
export class ReleaseLegalHoldHandler implements ICommandHandler<ReleaseLegalHold> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantStore,
    private readonly audit: AuditLog,
    private readonly wakes: WakeStore,
  ) {}

  execute({ tenantId, reason, caller, ifMatch }: ReleaseLegalHold): Promise<TenantView> {
    return this.unitOfWork.run(async (tx) => {
      const tenant = await this.tenants.lockTx(tx, tenantId);
      if (!tenant) throw new TenantNotFound();
      ifMatch?.check(tenant.version);
      if (!tenant.holdPlacedAt) throw new NoLegalHold();
      const before = { legalHold: true, reason: tenant.holdReason, placedBy: tenant.holdPlacedBy };
      const after = { legalHold: false };
      tenant.holdPlacedAt = null;
      tenant.holdPlacedBy = null;
      tenant.holdReason = null;
      await this.tenants.saveTx(tx, tenant, [], { traceparent: caller.traceparent });
      await this.audit.recordTx(tx, {
        caller,
        tenantId: tenant.id,
        action: 'tenant.release_legal_hold',
        resource: `tenants/${tenant.id}`,
        reason,
        before,
        after,
      });
      await this.wakes.wakeTx(tx, tenant.id);
      return toTenantView(tenant);
    });
  }
}
