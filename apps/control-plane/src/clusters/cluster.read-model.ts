import { decodeCursor, pageOf, type Page } from '@tenantry/service';
import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan } from 'typeorm';
import { managerExecutor } from '../database/manager-executor.js';
import { tenantsOn } from './cluster-usage.store.js';
import { Cluster } from './cluster.entity.js';
import { isClusterName } from './cluster-name.js';
import { toClusterView, type ClusterView } from './cluster.view.js';

/** Clusters for reading: outside of any command's transaction. */
@Injectable()
export class ClusterReadModel {
  constructor(private readonly dataSource: DataSource) {}

  /** A page by name. @throws InvalidRequest for a made-up cursor. */
  async list(limit: number, cursor?: string): Promise<Page<ClusterView>> {
    const clusters = await this.dataSource.getRepository(Cluster).find({
      where: cursor === undefined ? {} : { name: MoreThan(decodeCursor(cursor, isClusterName)) },
      order: { name: 'ASC' },
      take: limit + 1,
    });
    return pageOf(await this.views(clusters), limit, (cluster) => cluster.name);
  }

  /** `undefined` for an unknown name, and for a text that is no name at all. */
  async find(name: string): Promise<ClusterView | undefined> {
    if (!isClusterName(name)) return undefined;
    const found = await this.dataSource.getRepository(Cluster).findBy({ name });
    return (await this.views(found))[0];
  }

  private async views(clusters: readonly Cluster[]): Promise<ClusterView[]> {
    const names = clusters.map(({ name }) => name);
    const tenants = await tenantsOn(managerExecutor(this.dataSource.manager), names);
    return clusters.map((cluster) => toClusterView(cluster, tenants(cluster.name)));
  }
}
