import type { StateRecord } from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';
import { escapeIdentifier, type Pool, type PoolClient } from 'pg';
import { dropDatabase } from '../participant/drop-database.js';
import { withClient, withTenantLock } from '../participant/tenant-lock.js';
import { maintainTx } from '../participant/transaction.js';
import { judgeTenant } from './judge-tenant.js';
import { readTenantFacts } from './tenant-facts.js';
import { readTenantObjects } from './tenant-objects.js';
import type { Home } from './tenant-situation.js';

/** A worker that has the tenant is about to change what was judged; the next sweep looks again. In milliseconds. */
const LOCK_WAIT_MS = 500;

export interface OrphanDeletion {
  readonly home: Home;
  /** Of the provisioning login, direct connections. */
  readonly pool: Pool;
  readonly tenantId: string;
  /** The tenant's newest state record, asked for when it is needed. */
  readonly record: () => StateRecord | undefined;
  readonly signal: AbortSignal;
}

/**
 * Deletes what is deletable of one tenant: as its only worker in this service, and with everything read and judged again
 * inside the transaction that deletes. A purge, or anything else that changed the tenant since the report, is seen here.
 *
 * @returns the names of what was deleted, as `schema <name>`, `role <name>` and `database <name>`.
 * @throws RequestFailed when a worker keeps the tenant, or a newer purge has begun.
 */
export function deleteOrphans(deletion: OrphanDeletion): Promise<string[]> {
  const { home, pool, tenantId, signal } = deletion;
  return withClient(pool, (client) =>
    withTenantLock(
      { client, service: { name: home.service }, item: { tenantId }, control: { signal } },
      () => deleteAs(client, deletion),
      LOCK_WAIT_MS,
    ),
  );
}

async function deleteAs(client: PoolClient, { home, tenantId, record }: OrphanDeletion): Promise<string[]> {
  const { rows } = await client.query<{ generation: string }>(
    'SELECT generation FROM tenantry.tombstone WHERE tenant_id = $1',
    [tenantId],
  );
  // Without a tombstone nothing is deletable, and there is no generation to work at.
  if (rows[0] === undefined) return [];
  const at = { tenantId, generation: Number(rows[0].generation) };
  const databases = await maintainTx(client, at, (sql) => deletable(sql, home, tenantId, record, 'database'));
  // Outside of any transaction, as the server wants it; the tenant's lock is kept.
  for (const name of databases) await dropDatabase(client, name);
  const others = await maintainTx(client, at, async (sql) => [
    // What the schema and the database grant refers to the role, so the role is looked at when they are gone.
    ...(await deleteTx(sql, home, tenantId, record, 'schema')),
    ...(await deleteTx(sql, home, tenantId, record, 'role')),
  ]);
  return [...databases.map((name) => `database ${name}`), ...others];
}

async function deletable(
  sql: SqlExecutor,
  home: Home,
  tenantId: string,
  record: OrphanDeletion['record'],
  type: 'schema' | 'role' | 'database',
): Promise<string[]> {
  const objects = await readTenantObjects(sql, [tenantId]);
  const facts = (await readTenantFacts(sql, [tenantId])).get(tenantId)!;
  return (
    judgeTenant(home, { tenantId, record: record(), facts, objects })
      .filter((found) => found.deletable && found.object.type === type)
      .map(({ object }) => object.name)
      // A role that something is still granted to could not be dropped, and would take the transaction with it.
      .filter(
        (name) =>
          type !== 'role' ||
          !objects.some(
            (other) =>
              other.name === name && (other.type === 'role' ? other.usedHere : other.type === 'database'),
          ),
      )
  );
}

async function deleteTx(
  sql: SqlExecutor,
  home: Home,
  tenantId: string,
  record: OrphanDeletion['record'],
  type: 'schema' | 'role',
): Promise<string[]> {
  const names = await deletable(sql, home, tenantId, record, type);
  for (const name of names) {
    await sql.query(`DROP ${type} ${escapeIdentifier(name)} ${type === 'schema' ? 'CASCADE' : ''}`);
    if (type === 'schema')
      await sql.query('DELETE FROM tenantry.schema_migration WHERE schema_name = $1', [name]);
  }
  return names.map((name) => `${type} ${name}`);
}
