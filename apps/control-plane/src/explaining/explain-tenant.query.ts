import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { TenantNotFound } from '../tenants/tenant.errors.js';
import type { Explanation } from './explanation.js';
import { ExplanationReadModel } from './explanation.read-model.js';

/** Why a tenant is in its state, who blocks it, what happens next and what can be done. @throws TenantNotFound */
export class ExplainTenant extends Query<Explanation> {
  constructor(readonly tenantId: string) {
    super();
  }
}

@QueryHandler(ExplainTenant)
export class ExplainTenantHandler implements IQueryHandler<ExplainTenant> {
  constructor(private readonly explanations: ExplanationReadModel) {}

  async execute({ tenantId }: ExplainTenant): Promise<Explanation> {
    const explained = await this.explanations.of(tenantId);
    if (!explained) throw new TenantNotFound();
    return explained.explanation;
  }
}
