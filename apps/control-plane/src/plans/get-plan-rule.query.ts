import { NotFound } from '@tenantry/service';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { PlanRuleReadModel } from './plan-rule.read-model.js';
import type { PlanRuleView } from './plan-rule.view.js';

/** One plan's rule. @throws NotFound */
export class GetPlanRule extends Query<PlanRuleView> {
  constructor(readonly plan: string) {
    super();
  }
}

@QueryHandler(GetPlanRule)
export class GetPlanRuleHandler implements IQueryHandler<GetPlanRule> {
  constructor(private readonly rules: PlanRuleReadModel) {}

  async execute({ plan }: GetPlanRule): Promise<PlanRuleView> {
    const rule = await this.rules.find(plan);
    if (!rule) throw new NotFound('rule for a plan');
    return rule;
  }
}
