import type { Page } from '@tenantry/service';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { PlanRuleReadModel } from './plan-rule.read-model.js';
import type { PlanRuleView } from './plan-rule.view.js';

/** A page of the plans that have a rule, by name. */
export class ListPlanRules extends Query<Page<PlanRuleView>> {
  constructor(
    readonly limit: number,
    readonly cursor: string | undefined,
  ) {
    super();
  }
}

@QueryHandler(ListPlanRules)
export class ListPlanRulesHandler implements IQueryHandler<ListPlanRules> {
  constructor(private readonly rules: PlanRuleReadModel) {}

  execute({ limit, cursor }: ListPlanRules): Promise<Page<PlanRuleView>> {
    return this.rules.list(limit, cursor);
  }
}
