import { isDeepStrictEqual } from 'node:util';
import { PreconditionFailed, type IfMatch } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork, type Tx } from '../database/unit-of-work.js';
import type { PlanRule } from './plan-rule.entity.js';
import { PlanRuleStore, type NewPlanRule } from './plan-rule.store.js';
import { toPlanRuleView, type PlanRuleView } from './plan-rule.view.js';

export interface PutPlanRuleResult {
  readonly created: boolean;
  readonly rule: PlanRuleView;
}

/** Says where new tenants of a plan go, or says it anew; those that are there stay. @throws PreconditionFailed */
export class PutPlanRule extends Command<PutPlanRuleResult> {
  constructor(
    readonly rule: NewPlanRule,
    readonly ifMatch: IfMatch | undefined,
    readonly caller: Caller,
  ) {
    super();
  }
}

@CommandHandler(PutPlanRule)
export class PutPlanRuleHandler implements ICommandHandler<PutPlanRule> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly rules: PlanRuleStore,
    private readonly audit: AuditLog,
  ) {}

  execute(command: PutPlanRule): Promise<PutPlanRuleResult> {
    return this.unitOfWork.run(async (tx) => {
      const before = await this.rules.lockTx(tx, command.rule.plan);
      return before ? this.replaceTx(tx, before, command) : this.createTx(tx, command);
    });
  }

  private async createTx(tx: Tx, command: PutPlanRule): Promise<PutPlanRuleResult> {
    const { rule, ifMatch, caller } = command;
    if (ifMatch) throw new PreconditionFailed();
    const inserted = await this.rules.insertTx(tx, rule);
    if (!inserted) {
      // Somebody else has just written it: now there is a row to lock.
      const before = await this.rules.lockTx(tx, rule.plan);
      if (!before) throw new Error('the rule of a plan vanished');
      return this.replaceTx(tx, before, command);
    }
    const resource = `plans/${rule.plan}`;
    await this.audit.recordTx(tx, { caller, action: 'plan.create', resource, after: ruleOf(inserted) });
    return { created: true, rule: toPlanRuleView(inserted) };
  }

  private async replaceTx(
    tx: Tx,
    row: PlanRule,
    { rule, ifMatch, caller }: PutPlanRule,
  ): Promise<PutPlanRuleResult> {
    ifMatch?.check(row.version);
    const before = ruleOf(row);
    if (isDeepStrictEqual(before, ruleOf(rule))) return { created: false, rule: toPlanRuleView(row) };
    const replaced = await this.rules.replaceTx(tx, row, rule);
    await this.audit.recordTx(tx, {
      caller,
      action: 'plan.replace',
      resource: `plans/${row.plan}`,
      before,
      after: ruleOf(replaced),
    });
    return { created: false, rule: toPlanRuleView(replaced) };
  }
}

function ruleOf({ isolations, clusterLabels }: Omit<NewPlanRule, 'plan'>): Record<string, unknown> {
  return { isolations: [...isolations], clusterLabels: { ...clusterLabels } };
}
