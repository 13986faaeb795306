import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { TenantNotFound } from '../tenants/tenant.errors.js';
import { RouteReadModel } from './route.read-model.js';
import type { TenantRoutesView } from './route.view.js';

/** One tenant's routes. @throws TenantNotFound */
export class GetTenantRoutes extends Query<TenantRoutesView> {
  constructor(readonly tenantId: string) {
    super();
  }
}

@QueryHandler(GetTenantRoutes)
export class GetTenantRoutesHandler implements IQueryHandler<GetTenantRoutes> {
  constructor(private readonly routes: RouteReadModel) {}

  async execute({ tenantId }: GetTenantRoutes): Promise<TenantRoutesView> {
    const routes = await this.routes.ofTenant(tenantId);
    if (!routes) throw new TenantNotFound();
    return routes;
  }
}
