import type { IfMatch } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { WakeStore } from '../reconciling/wake.store.js';
import { AlreadyPaused, TenantNotFound, TenantPurged } from './tenant.errors.js';
import { TenantStore } from './tenant.store.js';
import { toTenantView, type TenantView } from './tenant.view.js';

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
    private readonly audit: AuditLog,
    private readonly wakes: WakeStore,
  ) {}

  execute({ tenantId, reason, caller, ifMatch }: PauseTenant): Promise<TenantView> {
    return this.unitOfWork.run(async (tx) => {
      const tenant = await this.tenants.lockTx(tx, tenantId);
      if (!tenant) throw new TenantNotFound();
      ifMatch?.check(tenant.version);
      if (tenant.state === 'PURGED') throw new TenantPurged(tenant.state);
      if (tenant.pausedAt) throw new AlreadyPaused();
      const before = { paused: false };
      const after = { paused: true, state: tenant.state };
      tenant.pausedAt = tx.now;
      tenant.pausedBy = caller.actor;
      tenant.pauseReason = reason;
      await this.tenants.saveTx(tx, tenant, [], { traceparent: caller.traceparent });
      await this.audit.recordTx(tx, {
        caller,
        tenantId: tenant.id,
        action: 'tenant.pause',
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
