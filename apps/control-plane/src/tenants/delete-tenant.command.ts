import { formatDurationMs, MAX_DURATION_MS } from '@tenantry/kernel';
import type { IfMatch } from '@tenantry/service';
import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import type { Operation } from '../operations/operation.entity.js';
import { accepted, type Accepted } from './accepted.js';
import { scheduleDeletion } from './deletion-schedule.js';
import type { LifecycleEvent } from './lifecycle-event.js';
import { LifecycleChange } from './lifecycle-change.js';
import { lockFor } from './locked-tenant.js';
import type { Tenant } from './tenant.entity.js';
import { ConfirmationRequired, ConfirmationWrong } from './tenant.errors.js';
import { TenantStore } from './tenant.store.js';

/** The installation's rules for grace periods, in milliseconds. */
export interface GraceRules {
  readonly defaultMs: number;
  /** Shorter ones have to be confirmed with the slug. */
  readonly minimumMs: number;
}

export const GRACE_RULES = Symbol('GRACE_RULES');

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
      // Refused even where no confirmation is needed: somebody means another tenant.
      if (confirm !== undefined && confirm !== tenant.slug) throw new ConfirmationWrong();
      if (confirm === undefined && graceMs < this.rules.minimumMs) {
        throw new ConfirmationRequired(formatDurationMs(this.rules.minimumMs));
      }
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
          irreversible: destroyed,
        }),
      );
    });
  }
}

function destroyed({ purgeAfter, slug }: Tenant): string | undefined {
  if (!purgeAfter) return undefined;
  return `From ${purgeAfter.toISOString()} on, every participant destroys what it holds of "${slug}"; until then the deletion can be cancelled.`;
}

function scheduled(tenant: Tenant, operation: Operation): LifecycleEvent[] {
  if (!tenant.purgeAfter) return [];
  const data = {
    operationId: operation.id,
    generation: tenant.generation,
    purgeAfter: tenant.purgeAfter.toISOString(),
  };
  return [{ type: 'tenant.deletion_scheduled.v1', data }];
}
