import type { IfMatch } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { WakeStore } from '../reconciling/wake.store.js';
import { PurgeHasBegun, TenantNotFound } from './tenant.errors.js';
import { TenantStore } from './tenant.store.js';
import { toTenantView, type TenantView } from './tenant.view.js';

/**
 * Keeps a tenant from being purged until the hold is released; placing it again changes the reason.
 * @throws TenantNotFound, PreconditionFailed, PurgeHasBegun
 */
export class PlaceLegalHold extends Command<TenantView> {
  constructor(
    readonly tenantId: string,
    readonly reason: string,
    readonly caller: Caller,
    readonly ifMatch?: IfMatch,
  ) {
    super();
  }
}

@CommandHandler(PlaceLegalHold)
export class PlaceLegalHoldHandler implements ICommandHandler<PlaceLegalHold> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantStore,
    private readonly audit: AuditLog,
    private readonly wakes: WakeStore,
  ) {}

  execute({ tenantId, reason, caller, ifMatch }: PlaceLegalHold): Promise<TenantView> {
    return this.unitOfWork.run(async (tx) => {
      const tenant = await this.tenants.lockTx(tx, tenantId);
      if (!tenant) throw new TenantNotFound();
      ifMatch?.check(tenant.version);
      if (tenant.desired === 'purged') throw new PurgeHasBegun(tenant.state);
      const before = { legalHold: tenant.holdPlacedAt !== null, reason: tenant.holdReason };
      const after = { legalHold: true, reason };
      tenant.holdPlacedAt ??= tx.now;
      tenant.holdPlacedBy ??= caller.actor;
      tenant.holdReason = reason;
      await this.tenants.saveTx(tx, tenant, [], { traceparent: caller.traceparent });
      await this.audit.recordTx(tx, {
        caller,
        tenantId: tenant.id,
        action: 'tenant.place_legal_hold',
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
