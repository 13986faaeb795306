import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { TenantNotFound } from '../tenants/tenant.errors.js';
import { TenantMetricsReadModel } from './tenant-metrics.read-model.js';
import type { TenantMetrics } from './tenant-metrics.view.js';

/** One tenant in numbers. @throws TenantNotFound */
export class GetTenantMetrics extends Query<TenantMetrics> {
  constructor(readonly tenantId: string) {
    super();
  }
}

@QueryHandler(GetTenantMetrics)
export class GetTenantMetricsHandler implements IQueryHandler<GetTenantMetrics> {
  constructor(private readonly metrics: TenantMetricsReadModel) {}

  async execute({ tenantId }: GetTenantMetrics): Promise<TenantMetrics> {
    const metrics = await this.metrics.of(tenantId);
    if (!metrics) throw new TenantNotFound();
    return metrics;
  }
}
