import { MAX_DURATION_MS } from '@tenantry/kernel';
import type { IfMatch } from '@tenantry/service';
import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { OperationStore } from '../operations/operation.store.js';
import { WakeStore } from '../reconciling/wake.store.js';
import { scheduled } from './delete-tenant.command.js';
import { checkGrace, GRACE_RULES, type GraceRules } from './grace-rules.js';
import { lockFor } from './locked-tenant.js';
import { TenantStore } from './tenant.store.js';
import { toTenantView, type TenantView } from './tenant.view.js';

/**
 * Extends or shortens the grace period of a scheduled deletion, counted from when the deletion was asked for; a
 * deadline that would have passed already is now. @throws TenantNotFound, PreconditionFailed, IllegalTransition,
 * ConfirmationRequired, ConfirmationWrong
 */
export class MoveDeletion extends Command<TenantView> {
  constructor(
    readonly tenantId: string,
    /** Milliseconds. */
    readonly graceMs: number,
    /** The tenant's slug, typed by whoever asks for a grace period under the minimum. */
    readonly confirm: string | undefined,
    readonly reason: string | null,
    readonly ifMatch: IfMatch,
    readonly caller: Caller,
  ) {
    super();
  }
}

@CommandHandler(MoveDeletion)
export class MoveDeletionHandler implements ICommandHandler<MoveDeletion> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantStore,
    private readonly operations: OperationStore,
    private readonly audit: AuditLog,
    private readonly wakes: WakeStore,
    @Inject(GRACE_RULES) private readonly rules: GraceRules,
  ) {}

  execute({ tenantId, graceMs, confirm, reason, ifMatch, caller }: MoveDeletion): Promise<TenantView> {
    return this.unitOfWork.run(async (tx) => {
      const tenant = await lockFor(tx, this.tenants, tenantId, 'move_deletion', ifMatch);
      checkGrace(this.rules, tenant, graceMs, confirm);
      const { purgeAfter, deletionRequestedAt } = tenant;
      if (!purgeAfter || !deletionRequestedAt) throw new Error('a scheduled deletion has no deadline');
      const wanted = deletionRequestedAt.getTime() + Math.min(graceMs, MAX_DURATION_MS);
      tenant.purgeAfter = new Date(Math.max(wanted, tx.now.getTime()));
      const operation = await this.operations.currentTx(tx, tenant);
      await this.tenants.saveTx(tx, tenant, scheduled(tenant, operation), {
        traceparent: caller.traceparent,
      });
      await this.audit.recordTx(tx, {
        caller,
        tenantId: tenant.id,
        action: 'tenant.move_deletion',
        resource: `tenants/${tenant.id}`,
        reason,
        before: { purgeAfter: purgeAfter.toISOString() },
        after: { purgeAfter: tenant.purgeAfter.toISOString() },
      });
      await this.wakes.wakeTx(tx, tenant.id);
      return toTenantView(tenant);
    });
  }
}
