import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { TenantNotFound } from './tenant.errors.js';
import { TenantReadModel } from './tenant.read-model.js';
import type { TenantView } from './tenant.view.js';

/** One tenant by id. Fails with TenantNotFound. */
export class GetTenant extends Query<TenantView> {
  constructor(readonly id: string) {
    super();
  }
}

@QueryHandler(GetTenant)
export class GetTenantHandler implements IQueryHandler<GetTenant> {
  constructor(private readonly tenants: TenantReadModel) {}

  async execute({ id }: GetTenant): Promise<TenantView> {
    const tenant = await this.tenants.find(id);
    if (!tenant) throw new TenantNotFound();
    return tenant;
  }
}
