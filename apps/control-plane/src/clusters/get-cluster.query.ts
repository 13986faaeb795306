import { NotFound } from '@tenantry/service';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { ClusterReadModel } from './cluster.read-model.js';
import type { ClusterView } from './cluster.view.js';

/** One cluster by name. @throws NotFound */
export class GetCluster extends Query<ClusterView> {
  constructor(readonly name: string) {
    super();
  }
}

@QueryHandler(GetCluster)
export class GetClusterHandler implements IQueryHandler<GetCluster> {
  constructor(private readonly clusters: ClusterReadModel) {}

  async execute({ name }: GetCluster): Promise<ClusterView> {
    const cluster = await this.clusters.find(name);
    if (!cluster) throw new NotFound('cluster');
    return cluster;
  }
}
