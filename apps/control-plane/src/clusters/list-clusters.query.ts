import type { Page } from '@tenantry/service';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { ClusterReadModel } from './cluster.read-model.js';
import type { ClusterView } from './cluster.view.js';

/** A page of clusters by name. */
export class ListClusters extends Query<Page<ClusterView>> {
  constructor(
    readonly limit: number,
    readonly cursor: string | undefined,
  ) {
    super();
  }
}

@QueryHandler(ListClusters)
export class ListClustersHandler implements IQueryHandler<ListClusters> {
  constructor(private readonly clusters: ClusterReadModel) {}

  execute({ limit, cursor }: ListClusters): Promise<Page<ClusterView>> {
    return this.clusters.list(limit, cursor);
  }
}
