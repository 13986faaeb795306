import { MAX_DURATION_MS } from '@tenantry/kernel';
import type { IfMatch } from '@tenantry/service';
import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import type { Operation } from '../operations/operation.entity.js';
import { accepted, type Accepted } from './accepted.js';
import { destructionOf, scheduleDeletion } from './deletion-schedule.js';
import { checkGrace, GRACE_RULES, type GraceRules } from './grace-rules.js';
import type { LifecycleEvent } from './lifecycle-event.js';
import { LifecycleChange } from './lifecycle-change.js';
import { lockFor } from './locked-tenant.js';
import type { Tenant } from './tenant.entity.js';
import { TenantStore } from './tenant.store.js';

/** Closes a tenant and schedules its purge for after the grace period. */
export class DeleteTenant extends Command<Accepted> {
  constructor(
    readonly tenantId: string,
    /** Milliseconds; the installation's default when not given. */
    readonly graceMs: number | undefined,
    /** The tenant's slug, typed by whoever asks for a grace period under the minimum. */
    readonly confirm: string | undefined,
    readonly reason: string | null,
    readonly caller: Caller,
    readonly ifMatch?: IfMatch,
  ) {
    super();
  }
}

@CommandHandler(DeleteTenant)
export class DeleteTenantHandler implements ICommandHandler<DeleteTenant> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantStore,
    private readonly change: LifecycleChange,
    @Inject(GRACE_RULES) private readonly rules: GraceRules,
  ) {}

  execute({
    tenantId,
    graceMs = this.rules.defaultMs,
    confirm,
    reason,
    caller,
    ifMatch,
  }: DeleteTenant): Promise<Accepted> {
    return this.unitOfWork.run(async (tx) => {
      const tenant = await lockFor(tx, this.tenants, tenantId, 'delete', ifMatch);
      checkGrace(this.rules, tenant, graceMs, confirm);
      const purgeAfter = new Date(tx.now.getTime() + Math.min(graceMs, MAX_DURATION_MS));
      const before = tenant.desired;
      return accepted(
        tenant,
        await this.change.applyTx(tx, tenant, {
          kind: 'delete',
          caller,
          reason,
          amend: (deleted) => scheduleDeletion(deleted, before, tx.now, purgeAfter),
          facts: scheduled,
          irreversible: destructionOf,
        }),
      );
    });
  }
}

/** The fact that announces until when the deletion can be called off. */
export function scheduled(tenant: Tenant, operation: Operation): LifecycleEvent[] {
  if (!tenant.purgeAfter) return [];
  const data = {
    operationId: operation.id,
    generation: tenant.generation,
    purgeAfter: tenant.purgeAfter.toISOString(),
  };
  return [{ type: 'tenant.deletion_scheduled.v1', data }];
}
