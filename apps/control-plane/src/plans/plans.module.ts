import { Module } from '@nestjs/common';
import { LifecycleModule } from '../tenants/lifecycle.module.js';
import { GetPlanRuleHandler } from './get-plan-rule.query.js';
import { ListPlanRulesHandler } from './list-plan-rules.query.js';
import { PlanRuleReadModel } from './plan-rule.read-model.js';
import { PlanController } from './plan.controller.js';
import { PutPlanRuleHandler } from './put-plan-rule.command.js';
import { RemovePlanRuleHandler } from './remove-plan-rule.command.js';

/** Needs DatabaseModule, IdempotencyModule and CqrsModule. */
@Module({
  imports: [LifecycleModule],
  controllers: [PlanController],
  providers: [
    PlanRuleReadModel,
    PutPlanRuleHandler,
    RemovePlanRuleHandler,
    GetPlanRuleHandler,
    ListPlanRulesHandler,
  ],
})
export class PlansModule {}
