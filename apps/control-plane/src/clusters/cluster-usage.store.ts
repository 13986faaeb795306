import { ISOLATIONS, type Isolation } from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';
import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import { NOBODY, type Tenants } from './capacity.js';
import type { Candidate } from './choose-cluster.js';

/** How many rows a model's count is spread over on each cluster. */
const SHARDS = 8;

/** Makes the rows that a cluster's tenants are counted in; those that are there stay. */
export async function prepareUsageTx(sql: SqlExecutor, cluster: string): Promise<void> {
  await sql.query(
    `INSERT INTO tenantry.cluster_usage (cluster, isolation, shard)
     SELECT $1, isolation, shard FROM unnest($2::text[]) AS i (isolation) CROSS JOIN generate_series(0, $3::int - 1) AS s (shard)
     ON CONFLICT DO NOTHING`,
    [cluster, ISOLATIONS, SHARDS],
  );
}

/** How many tenants of each model are on each of the clusters, as a function of the name. */
export async function tenantsOn(
  sql: SqlExecutor,
  clusters: readonly string[],
): Promise<(cluster: string) => Tenants> {
  const rows = await sql.query<{ cluster: string; isolation: Isolation; tenants: string }>(
    `SELECT cluster, isolation, sum(tenants) AS tenants FROM tenantry.cluster_usage
     WHERE cluster = ANY ($1) GROUP BY cluster, isolation`,
    [clusters],
  );
  const byCluster = Map.groupBy(rows, ({ cluster }) => cluster);
  return (name) => {
    const counts = byCluster.get(name) ?? [];
    return { ...NOBODY, ...Object.fromEntries(counts.map((row) => [row.isolation, Number(row.tenants)])) };
  };
}

/** Which tenant has which cluster, and how many have one. */
@Injectable()
export class ClusterUsageStore {
  /** The clusters of a region, whatever their state; the counts may be old by the time that one is chosen. */
  async candidatesTx(tx: Tx, region: string, isolation: Isolation): Promise<Candidate[]> {
    return tx.sql
      .query<Row>(`${CANDIDATE} WHERE c.region = $2 ORDER BY c.name`, [isolation, region])
      .then(toCandidates);
  }

  /**
   * The cluster as it is, until the transaction ends: nobody changes it meanwhile, and where its capacity is limited, nobody else takes
   * or leaves a place of this model.
   */
  async lockTx(tx: Tx, name: string, isolation: Isolation): Promise<Candidate> {
    // Whoever changes a cluster is waited for, and waits. KEY SHARE would not do: it reads the row as it was before the change.
    const cluster = await this.readTx(tx, name, isolation, 'FOR SHARE OF c');
    if (cluster.capacity === null) return cluster;
    await tx.sql.query(
      'SELECT FROM tenantry.cluster_usage WHERE cluster = $1 AND isolation = $2 ORDER BY shard FOR UPDATE',
      [name, isolation],
    );
    // A statement of its own, which sees what those have committed that were waited for.
    return this.readTx(tx, name, isolation);
  }

  /** Writes that the tenant has this cluster, unless it has one. */
  async takeTx(tx: Tx, tenantId: string, cluster: string, isolation: Isolation): Promise<void> {
    await tx.sql.query(
      `WITH taken AS (
         INSERT INTO tenantry.tenant_cluster (tenant_id, cluster, isolation) VALUES ($1, $2, $3)
         ON CONFLICT (tenant_id) DO NOTHING RETURNING cluster, isolation)
       INSERT INTO tenantry.cluster_usage AS u (cluster, isolation, shard, tenants)
       SELECT cluster, isolation, $4::smallint, 1 FROM taken
       ON CONFLICT (cluster, isolation, shard) DO UPDATE SET tenants = u.tenants + 1`,
      [tenantId, cluster, isolation, anyShard()],
    );
  }

  /** Takes the tenant's cluster away from it, if it has one. */
  async leaveTx(tx: Tx, tenantId: string): Promise<void> {
    await tx.sql.query(
      `WITH left_by AS (DELETE FROM tenantry.tenant_cluster WHERE tenant_id = $1 RETURNING cluster, isolation)
       UPDATE tenantry.cluster_usage u SET tenants = u.tenants - 1 FROM left_by
       WHERE u.cluster = left_by.cluster AND u.isolation = left_by.isolation AND u.shard = $2`,
      [tenantId, anyShard()],
    );
  }

  /** The name of the tenant's cluster; `undefined` while it has none. */
  async ofTenantTx(tx: Tx, tenantId: string): Promise<string | undefined> {
    const [row] = await tx.sql.query<{ cluster: string }>(
      'SELECT cluster FROM tenantry.tenant_cluster WHERE tenant_id = $1',
      [tenantId],
    );
    return row?.cluster;
  }

  private async readTx(tx: Tx, name: string, isolation: Isolation, lock = ''): Promise<Candidate> {
    const [candidate] = await tx.sql
      .query<Row>(`${CANDIDATE} WHERE c.name = $2 ${lock}`, [isolation, name])
      .then(toCandidates);
    if (!candidate) throw new Error('a cluster vanished');
    return candidate;
  }
}

type Row = Omit<Candidate, 'tenants' | 'capacity'> & { capacity: string | null; tenants: string };

const CANDIDATE = `
  SELECT c.name, c.state, c.weight, c.labels, c.capacity ->> $1::text AS capacity,
    (SELECT coalesce(sum(u.tenants), 0) FROM tenantry.cluster_usage u WHERE u.cluster = c.name AND u.isolation = $1) AS tenants
  FROM tenantry.cluster c`;

function toCandidates(rows: readonly Row[]): Candidate[] {
  return rows.map(({ name, state, weight, labels, capacity, tenants }) => ({
    name,
    state,
    weight,
    labels,
    capacity: capacity === null ? null : Number(capacity),
    tenants: Number(tenants),
  }));
}

function anyShard(): number {
  return Math.floor(Math.random() * SHARDS);
}
