import type { SqlExecutor } from '@tenantry/database';
import { recordSystemAuditTx } from '../audit/system-audit.js';
import { prepareUsageTx } from './cluster-usage.store.js';
import { isClusterName } from './cluster-name.js';

const NAME = 'default';

/**
 * Makes the cluster `default` in the given region when there is no cluster at all; to be run in a transaction.
 * @returns whether it was inserted. @throws RangeError when the region's name is not one.
 */
export async function declareDefaultClusterTx(sql: SqlExecutor, region = 'default'): Promise<boolean> {
  if (!isClusterName(region)) throw new RangeError('the default region has no name that a region can have');
  const inserted = await sql.query(
    `INSERT INTO tenantry.cluster (name, region, created_at) SELECT $1, $2, tenantry.now()
     WHERE NOT EXISTS (SELECT FROM tenantry.cluster) ON CONFLICT (name) DO NOTHING RETURNING name`,
    [NAME, region],
  );
  if (inserted.length === 0) return false;
  await prepareUsageTx(sql, NAME);
  await recordSystemAuditTx(sql, {
    actor: 'system:configuration',
    action: 'cluster.create',
    resource: `clusters/${NAME}`,
    after: { region, state: 'open' },
  });
  return true;
}
