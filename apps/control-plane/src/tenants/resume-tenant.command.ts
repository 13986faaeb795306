import type { IfMatch } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { WakeStore } from '../reconciling/wake.store.js';
import { NotPaused, TenantNotFound } from './tenant.errors.js';
import { TenantStore } from './tenant.store.js';
import { toTenantView, type TenantView } from './tenant.view.js';

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
    private readonly audit: AuditLog,
    private readonly wakes: WakeStore,
  ) {}

  execute({ tenantId, reason, caller, ifMatch }: ResumeTenant): Promise<TenantView> {
    return this.unitOfWork.run(async (tx) => {
      const tenant = await this.tenants.lockTx(tx, tenantId);
      if (!tenant) throw new TenantNotFound();
      ifMatch?.check(tenant.version);
      if (!tenant.pausedAt) throw new NotPaused();
      const before = { paused: true, pausedAt: tenant.pausedAt.toISOString(), pausedBy: tenant.pausedBy };
      const after = { paused: false, state: tenant.state };
      tenant.pausedAt = null;
      tenant.pausedBy = null;
      tenant.pauseReason = null;
      await this.tenants.saveTx(tx, tenant, [], { traceparent: caller.traceparent });
      await this.audit.recordTx(tx, {
        caller,
        tenantId: tenant.id,
        action: 'tenant.resume',
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
