import { NotFound, type IfMatch } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { isPlanName } from './plan-name.js';
import { PlanRuleStore } from './plan-rule.store.js';

/** Takes a plan's rule back: its new tenants may have any model, on any cluster. @throws NotFound, PreconditionFailed */
export class RemovePlanRule extends Command<void> {
  constructor(
    readonly plan: string,
    readonly ifMatch: IfMatch | undefined,
    readonly caller: Caller,
  ) {
    super();
  }
}

@CommandHandler(RemovePlanRule)
export class RemovePlanRuleHandler implements ICommandHandler<RemovePlanRule> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly rules: PlanRuleStore,
    private readonly audit: AuditLog,
  ) {}

  execute({ plan, ifMatch, caller }: RemovePlanRule): Promise<void> {
    return this.unitOfWork.run(async (tx) => {
      const rule = isPlanName(plan) ? await this.rules.lockTx(tx, plan) : null;
      if (!rule) throw new NotFound('rule for a plan');
      ifMatch?.check(rule.version);
      await this.rules.removeTx(tx, plan);
      await this.audit.recordTx(tx, {
        caller,
        action: 'plan.remove',
        resource: `plans/${plan}`,
        before: { isolations: rule.isolations, clusterLabels: rule.clusterLabels },
      });
    });
  }
}
