import type { IfMatch } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { lockTenant } from './locked-tenant.js';
import { AlreadyPaused, TenantPurged } from './tenant.errors.js';
import { TenantMarking } from './tenant-marking.js';
import { TenantStore } from './tenant.store.js';
import type { TenantView } from './tenant.view.js';

/**
 * Freezes automation for one tenant: nothing is asked, ended or purged by itself until it is resumed; answers are
 * still taken in, and commands still say what should be. @throws TenantNotFound, PreconditionFailed, TenantPurged, AlreadyPaused
 */
export class PauseTenant extends Command<TenantView> {
  constructor(
    readonly tenantId: string,
    readonly reason: string,
    readonly caller: Caller,
    readonly ifMatch?: IfMatch,
  ) {
    super();
  }
}

@CommandHandler(PauseTenant)
export class PauseTenantHandler implements ICommandHandler<PauseTenant> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantStore,
    private readonly marking: TenantMarking,
  ) {}

  execute({ tenantId, reason, caller, ifMatch }: PauseTenant): Promise<TenantView> {
    return this.unitOfWork.run(async (tx) => {
      const tenant = await lockTenant(tx, this.tenants, tenantId, ifMatch);
      if (tenant.state === 'PURGED') throw new TenantPurged(tenant.state);
      if (tenant.pausedAt) throw new AlreadyPaused();
      const before = { paused: false };
      const after = { paused: true, state: tenant.state };
      tenant.pausedAt = tx.now;
      tenant.pausedBy = caller.actor;
      tenant.pauseReason = reason;
      return this.marking.saveTx(tx, tenant, { caller, action: 'tenant.pause', reason, before, after });
    });
  }
}
