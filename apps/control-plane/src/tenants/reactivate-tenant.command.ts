import type { IfMatch } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { accepted, type Accepted } from './accepted.js';
import { LifecycleChange } from './lifecycle-change.js';
import { lockFor } from './locked-tenant.js';
import { TenantStore } from './tenant.store.js';

/** Opens a suspended tenant again: its routes only once every participant has acknowledged. */
export class ReactivateTenant extends Command<Accepted> {
  constructor(
    readonly tenantId: string,
    readonly reason: string | null,
    readonly caller: Caller,
    readonly ifMatch?: IfMatch,
  ) {
    super();
  }
}

@CommandHandler(ReactivateTenant)
export class ReactivateTenantHandler implements ICommandHandler<ReactivateTenant> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantStore,
    private readonly change: LifecycleChange,
  ) {}

  execute({ tenantId, reason, caller, ifMatch }: ReactivateTenant): Promise<Accepted> {
    return this.unitOfWork.run(async (tx) => {
      const tenant = await lockFor(tx, this.tenants, tenantId, 'reactivate', ifMatch);
      return accepted(tenant, await this.change.applyTx(tx, tenant, { kind: 'reactivate', caller, reason }));
    });
  }
}
