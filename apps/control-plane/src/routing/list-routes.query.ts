import type { Page } from '@tenantry/service';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { RouteReadModel } from './route.read-model.js';
import type { TenantRoutesView } from './route.view.js';

/** A page of the routing table, tenant by tenant. */
export class ListRoutes extends Query<Page<TenantRoutesView>> {
  constructor(
    readonly limit: number,
    readonly cursor: string | undefined,
  ) {
    super();
  }
}

@QueryHandler(ListRoutes)
export class ListRoutesHandler implements IQueryHandler<ListRoutes> {
  constructor(private readonly routes: RouteReadModel) {}

  execute({ limit, cursor }: ListRoutes): Promise<Page<TenantRoutesView>> {
    return this.routes.list(limit, cursor);
  }
}
