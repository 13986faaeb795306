import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import { Cluster } from './cluster.entity.js';

@Injectable()
export class ClusterStore {
  /** A cluster that takes new tenants in the region; the first by name until capacity and weight decide. */
  openInRegionTx(tx: Tx, region: string): Promise<Cluster | null> {
    return tx.manager.findOne(Cluster, { where: { region, state: 'open' }, order: { name: 'ASC' } });
  }

  /** All regions that a cluster is in. */
  async regionsTx(tx: Tx): Promise<string[]> {
    const rows = await tx.sql.query<{ region: string }>('SELECT DISTINCT region FROM tenantry.cluster ORDER BY region');
    return rows.map((row) => row.region);
  }
}
