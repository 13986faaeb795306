import { MAX_DURATION_MS } from '@tenantry/kernel';
import type { IfMatch } from '@tenantry/service';
import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { OperationStore } from '../operations/operation.store.js';
import { destructionOf } from './deletion-schedule.js';
import { scheduled } from './delete-tenant.command.js';
import { checkGrace, GRACE_RULES, type GraceRules } from './grace-rules.js';
import { lockFor } from './locked-tenant.js';
import { TenantMarking } from './tenant-marking.js';
import { TenantStore } from './tenant.store.js';
import type { TenantView } from './tenant.view.js';

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
    private readonly marking: TenantMarking,
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
      return this.marking.saveTx(tx, tenant, {
        caller,
        action: 'tenant.move_deletion',
        reason,
        before: { purgeAfter: purgeAfter.toISOString() },
        after: { purgeAfter: tenant.purgeAfter.toISOString() },
        irreversible: tenant.purgeAfter < purgeAfter ? destructionOf(tenant) : undefined,
        events: scheduled(tenant, operation),
      });
    });
  }
}
