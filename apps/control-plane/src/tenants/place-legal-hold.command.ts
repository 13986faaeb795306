import type { IfMatch } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { lockTenant } from './locked-tenant.js';
import { PurgeHasBegun } from './tenant.errors.js';
import { TenantMarking } from './tenant-marking.js';
import { TenantStore } from './tenant.store.js';
import type { TenantView } from './tenant.view.js';

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
    private readonly marking: TenantMarking,
  ) {}

  execute({ tenantId, reason, caller, ifMatch }: PlaceLegalHold): Promise<TenantView> {
    return this.unitOfWork.run(async (tx) => {
      const tenant = await lockTenant(tx, this.tenants, tenantId, ifMatch);
      if (tenant.desired === 'purged') throw new PurgeHasBegun(tenant.state);
      const before = { legalHold: tenant.holdPlacedAt !== null, reason: tenant.holdReason };
      const after = { legalHold: true, reason };
      tenant.holdPlacedAt ??= tx.now;
      tenant.holdPlacedBy ??= caller.actor;
      tenant.holdReason = reason;
      return this.marking.saveTx(tx, tenant, {
        caller,
        action: 'tenant.place_legal_hold',
        reason,
        before,
        after,
      });
    });
  }
}
