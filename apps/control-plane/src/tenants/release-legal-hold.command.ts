import type { IfMatch } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { lockTenant } from './locked-tenant.js';
import { NoLegalHold } from './tenant.errors.js';
import { destructionOf } from './deletion-schedule.js';
import { TenantMarking } from './tenant-marking.js';
import { TenantStore } from './tenant.store.js';
import type { TenantView } from './tenant.view.js';

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
    private readonly marking: TenantMarking,
  ) {}

  execute({ tenantId, reason, caller, ifMatch }: ReleaseLegalHold): Promise<TenantView> {
    return this.unitOfWork.run(async (tx) => {
      const tenant = await lockTenant(tx, this.tenants, tenantId, ifMatch);
      if (!tenant.holdPlacedAt) throw new NoLegalHold();
      const before = { legalHold: true, reason: tenant.holdReason, placedBy: tenant.holdPlacedBy };
      const after = { legalHold: false };
      tenant.holdPlacedAt = null;
      tenant.holdPlacedBy = null;
      tenant.holdReason = null;
      return this.marking.saveTx(tx, tenant, {
        caller,
        action: 'tenant.release_legal_hold',
        reason,
        before,
        after,
        irreversible: destructionOf(tenant),
      });
    });
  }
}
