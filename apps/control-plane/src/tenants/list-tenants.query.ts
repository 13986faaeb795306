import type { Page } from '@tenantry/service';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { TenantReadModel, type TenantFilter } from './tenant.read-model.js';
import type { TenantView } from './tenant.view.js';

/** A page of tenants in the order of creation. */
export class ListTenants extends Query<Page<TenantView>> {
  constructor(
    readonly filter: TenantFilter,
    readonly limit: number,
    readonly cursor: string | undefined,
  ) {
    super();
  }
}

@QueryHandler(ListTenants)
export class ListTenantsHandler implements IQueryHandler<ListTenants> {
  constructor(private readonly tenants: TenantReadModel) {}

  execute({ filter, limit, cursor }: ListTenants): Promise<Page<TenantView>> {
    return this.tenants.list(filter, limit, cursor);
  }
}
