import { Module } from '@nestjs/common';
import { LifecycleModule } from '../tenants/lifecycle.module.js';
import { ExplainTenantHandler } from './explain-tenant.query.js';
import { ExplanationController } from './explanation.controller.js';
import { ExplanationReadModel } from './explanation.read-model.js';
import { FactsReadModel } from './facts.read-model.js';

/** Why each tenant is in its state; needs DatabaseModule, LifecycleSettingsModule and CqrsModule. */
@Module({
  imports: [LifecycleModule],
  controllers: [ExplanationController],
  providers: [FactsReadModel, ExplanationReadModel, ExplainTenantHandler],
  exports: [FactsReadModel, ExplanationReadModel],
})
export class ExplainingModule {}
