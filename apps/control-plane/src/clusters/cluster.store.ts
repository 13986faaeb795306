import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import type { Capacity } from './capacity.js';
import { prepareUsageTx } from './cluster-usage.store.js';
import { Cluster, type ClusterState } from './cluster.entity.js';

/** What an operator says of a cluster when it is registered. */
export interface NewCluster {
  readonly name: string;
  readonly region: string;
  readonly state: ClusterState;
  readonly weight: number;
  readonly capacity: Capacity;
  readonly labels: Readonly<Record<string, string>>;
}

/** What can be said anew later. */
export type ClusterChanges = Partial<Pick<Cluster, 'state' | 'region' | 'weight' | 'capacity' | 'labels'>>;

@Injectable()
export class ClusterStore {
  /** All regions that a cluster is in. */
  async regionsTx(tx: Tx): Promise<string[]> {
    const rows = await tx.sql.query<{ region: string }>(
      'SELECT DISTINCT region FROM tenantry.cluster ORDER BY region',
    );
    return rows.map((row) => row.region);
  }

  /** Inserts a cluster. @returns `undefined` when one of this name is there. */
  async insertTx(tx: Tx, cluster: NewCluster): Promise<Cluster | undefined> {
    const { name, region, state, weight, capacity, labels } = cluster;
    const inserted = await tx.sql.query(
      `INSERT INTO tenantry.cluster (name, region, state, weight, capacity, labels, created_at)
       VALUES ($1, $2, $3, $4, $5::jsonb, $6::jsonb, $7) ON CONFLICT (name) DO NOTHING RETURNING name`,
      [name, region, state, weight, JSON.stringify(capacity), JSON.stringify(labels), tx.now],
    );
    if (inserted.length === 0) return undefined;
    await prepareUsageTx(tx.sql, name);
    return tx.manager.findOneByOrFail(Cluster, { name });
  }

  /** Locks a cluster until the transaction ends: who is about to take a place on it is waited for, and waits. */
  lockTx(tx: Tx, name: string): Promise<Cluster | null> {
    return tx.manager.findOne(Cluster, { where: { name }, lock: { mode: 'pessimistic_write' } });
  }

  /** Writes what changed of the locked cluster, with a higher version. */
  async changeTx(tx: Tx, cluster: Cluster, changes: ClusterChanges): Promise<Cluster> {
    Object.assign(cluster, changes);
    cluster.version += 1;
    // One that an older version registered has no rows to count in.
    await prepareUsageTx(tx.sql, cluster.name);
    return tx.manager.save(Cluster, cluster);
  }
}
