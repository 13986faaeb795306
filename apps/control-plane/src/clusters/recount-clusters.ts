import type { SqlExecutor } from '@tenantry/database';

/** Tenants that a process of an older version has placed, or purged, without counting. */
const CATCH_UP = `
  WITH purged AS (
    DELETE FROM tenantry.tenant_cluster c USING tenantry.tenant t WHERE t.id = c.tenant_id AND t.state = 'PURGED')
  INSERT INTO tenantry.tenant_cluster (tenant_id, cluster, isolation)
  SELECT DISTINCT ON (r.tenant_id) r.tenant_id, r.cluster, r.isolation FROM tenantry.route r
  WHERE NOT EXISTS (SELECT FROM tenantry.tenant_cluster c WHERE c.tenant_id = r.tenant_id)
  ORDER BY r.tenant_id, r.store ON CONFLICT DO NOTHING`;

/** Waits for whoever counts a tenant now, and makes others wait. */
const LOCK = 'SELECT FROM tenantry.cluster_usage ORDER BY cluster, isolation, shard FOR UPDATE';

const RECOUNT = `
  UPDATE tenantry.cluster_usage u SET tenants = CASE u.shard WHEN 0 THEN wrong.there ELSE 0 END
  FROM (
    SELECT cluster, isolation, sum(tenants) AS counted,
      (SELECT count(*) FROM tenantry.tenant_cluster t WHERE t.cluster = c.cluster AND t.isolation = c.isolation) AS there
    FROM tenantry.cluster_usage c GROUP BY cluster, isolation) wrong
  WHERE u.cluster = wrong.cluster AND u.isolation = wrong.isolation AND wrong.counted <> wrong.there`;

/**
 * Makes every cluster's count what is there, where processes of a version that did not count have been at work. Runs its own
 * transactions on the given connection; tenants may be created and purged meanwhile.
 */
export async function recountClusters(sql: SqlExecutor): Promise<void> {
  // By itself: whoever counts has written its tenant first and then waits for the count.
  await sql.query(CATCH_UP);
  await sql.query('BEGIN');
  await sql.query(LOCK);
  await sql.query(RECOUNT);
  await sql.query('COMMIT');
}
