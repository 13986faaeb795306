import { NotFound, type Page } from '@tenantry/service';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { ClusterReadModel } from './cluster.read-model.js';
import type { ClusterTenant } from './cluster.view.js';

/** A page of the tenants that have a place on a cluster. @throws NotFound */
export class ListClusterTenants extends Query<Page<ClusterTenant>> {
  constructor(
    readonly cluster: string,
    readonly limit: number,
    readonly cursor: string | undefined,
  ) {
    super();
  }
}

@QueryHandler(ListClusterTenants)
export class ListClusterTenantsHandler implements IQueryHandler<ListClusterTenants> {
  constructor(private readonly clusters: ClusterReadModel) {}

  async execute({ cluster, limit, cursor }: ListClusterTenants): Promise<Page<ClusterTenant>> {
    if (!(await this.clusters.find(cluster))) throw new NotFound('cluster');
    return this.clusters.tenants(cluster, limit, cursor);
  }
}
