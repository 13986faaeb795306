import { decodeCursor, pageOf, type Page } from '@tenantry/service';
import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan } from 'typeorm';
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
    return pageOf(clusters.map(toClusterView), limit, (cluster) => cluster.name);
  }
}
