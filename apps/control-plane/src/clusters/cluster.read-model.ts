import { isUuid } from '@tenantry/kernel';
import { decodeCursor, pageOf, type Page } from '@tenantry/service';
import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan } from 'typeorm';
import { managerExecutor } from '../database/manager-executor.js';
import { tenantsOn } from './cluster-usage.store.js';
import { Cluster } from './cluster.entity.js';
import { isClusterName } from './cluster-name.js';
import { toClusterView, type ClusterTenant, type ClusterView } from './cluster.view.js';

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

  /** Every cluster. */
  async all(): Promise<ClusterView[]> {
    return this.views(await this.dataSource.getRepository(Cluster).find());
  }

  /** `undefined` for an unknown name, and for a text that is no name at all. */
  async find(name: string): Promise<ClusterView | undefined> {
    if (!isClusterName(name)) return undefined;
    const found = await this.dataSource.getRepository(Cluster).findBy({ name });
    return (await this.views(found))[0];
  }

  /** A page of the tenants that have a place on the cluster, by id. @throws InvalidRequest for a made-up cursor. */
  async tenants(name: string, limit: number, cursor?: string): Promise<Page<ClusterTenant>> {
    const after = cursor === undefined ? null : decodeCursor(cursor, isUuid);
    const rows = await managerExecutor(this.dataSource.manager).query<ClusterTenant>(
      `SELECT c.tenant_id AS "tenantId", t.slug, t.state, c.isolation
       FROM tenantry.tenant_cluster c JOIN tenantry.tenant t ON t.id = c.tenant_id
       WHERE c.cluster = $1 AND ($2::uuid IS NULL OR c.tenant_id > $2) ORDER BY c.tenant_id LIMIT $3`,
      [name, after, limit + 1],
    );
    return pageOf(rows, limit, ({ tenantId }) => tenantId);
  }

  private async views(clusters: readonly Cluster[]): Promise<ClusterView[]> {
    const names = clusters.map(({ name }) => name);
    const tenants = await tenantsOn(managerExecutor(this.dataSource.manager), names);
    return clusters.map((cluster) => toClusterView(cluster, tenants(cluster.name)));
  }
}
