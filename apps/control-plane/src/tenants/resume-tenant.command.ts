import type { IfMatch } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { lockTenant } from './locked-tenant.js';
import { NotPaused } from './tenant.errors.js';
import { destructionOf } from './deletion-schedule.js';
import { TenantMarking } from './tenant-marking.js';
import { TenantStore } from './tenant.store.js';
import type { TenantView } from './tenant.view.js';

/** Lets automation go on where it was paused. @throws TenantNotFound, PreconditionFailed, NotPaused */
export class ResumeTenant extends Command<TenantView> {
  constructor(
    readonly tenantId: string,
    readonly reason: string | null,
    readonly caller: Caller,
    readonly ifMatch?: IfMatch,
  ) {
    super();
  }
}

@CommandHandler(ResumeTenant)
export class ResumeTenantHandler implements ICommandHandler<ResumeTenant> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantStore,
    private readonly marking: TenantMarking,
  ) {}

  execute({ tenantId, reason, caller, ifMatch }: ResumeTenant): Promise<TenantView> {
    return this.unitOfWork.run(async (tx) => {
      const tenant = await lockTenant(tx, this.tenants, tenantId, ifMatch);
      if (!tenant.pausedAt) throw new NotPaused();
      const before = { paused: true, pausedAt: tenant.pausedAt.toISOString(), pausedBy: tenant.pausedBy };
      const after = { paused: false, state: tenant.state };
      tenant.pausedAt = null;
      tenant.pausedBy = null;
      tenant.pauseReason = null;
      return this.marking.saveTx(tx, tenant, {
        caller,
        action: 'tenant.resume',
        reason,
        before,
        after,
        irreversible: destructionOf(tenant),
      });
    });
  }
}
