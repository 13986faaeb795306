import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import { Cluster, type ClusterState } from './cluster.entity.js';

@Injectable()
export class ClusterStore {
  /** A cluster that takes new tenants in the region; the first by name until capacity and weight decide. */
  openInRegionTx(tx: Tx, region: string): Promise<Cluster | null> {
    return tx.manager.findOne(Cluster, { where: { region, state: 'open' }, order: { name: 'ASC' } });
  }

  /** All regions that a cluster is in. */
  async regionsTx(tx: Tx): Promise<string[]> {
    const rows = await tx.sql.query<{ region: string }>(
      'SELECT DISTINCT region FROM tenantry.cluster ORDER BY region',
    );
    return rows.map((row) => row.region);
  }

  /** Inserts an open cluster. @returns `undefined` when one of this name is there. */
  async insertTx(tx: Tx, name: string, region: string): Promise<Cluster | undefined> {
    const inserted = await tx.sql.query(
      `INSERT INTO tenantry.cluster (name, region, state, created_at) VALUES ($1, $2, 'open', $3)
       ON CONFLICT (name) DO NOTHING RETURNING name`,
      [name, region, tx.now],
    );
    return inserted.length === 0 ? undefined : tx.manager.findOneByOrFail(Cluster, { name });
  }

  lockTx(tx: Tx, name: string): Promise<Cluster | null> {
    return tx.manager.findOne(Cluster, { where: { name }, lock: { mode: 'pessimistic_write' } });
  }

  /** Writes the locked cluster's new state, with a higher version. */
  setStateTx(tx: Tx, cluster: Cluster, state: ClusterState): Promise<Cluster> {
    cluster.state = state;
    cluster.version += 1;
    return tx.manager.save(Cluster, cluster);
  }
}
