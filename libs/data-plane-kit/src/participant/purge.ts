import type { SqlExecutor } from '@tenantry/database';
import type { WorkResult } from '@tenantry/messaging';
import { escapeIdentifier } from 'pg';
import { destroyRows } from './destroy-rows.js';
import { countTenantRows, type Footprint, measureFootprint } from './footprint.js';
import type { RequestContext } from './request-context.js';
import { PurgeIncomplete } from './request-errors.js';
import { suspendDatabase } from './suspend.js';
import { withTenantLock } from './tenant-lock.js';
import { maintainTx } from './transaction.js';

/**
 * Destroys everything of the tenant that the catalogue shows, counts again, and answers with both counts. The tombstone
 * comes first and stays: it refuses every later provisioning, also that of a worker which slept through the purge.
 */
export async function purge(context: RequestContext): Promise<WorkResult> {
  const { item, service, fence, client, stepDone } = context;
  await fence.bury();
  await stepDone('tombstone');
  return withTenantLock(context, async () => {
    await suspendDatabase(context);
    const inside = await countInside(context);
    const before = await maintainTx(client, item, (sql) =>
      firstFootprint(sql, item.tenantId, service.store, inside),
    );
    await stepDone('footprint');
    await destroy(context, before);
    const after = await maintainTx(client, item, (sql) =>
      measureFootprint(sql, item.tenantId, service.store),
    );
    refuseRemains(after);
    const remains = await maintainTx(client, item, async (sql) => {
      await sql.query('SELECT tenantry.drop_fence($1)', [item.tenantId]);
      return bookkeepingOf(sql, item.tenantId);
    });
    await stepDone('fence');
    return { evidence: evidenceOf(before, after, remains) };
  });
}

/**
 * The rows in the tenant's own database, by their tables' names.
 *
 * @throws PurgeIncomplete when the database is marked as somebody else's.
 */
async function countInside({ item, service, database }: RequestContext): Promise<Record<string, number>> {
  const found = await database.find();
  if (found?.marker && (found.marker.service !== service.name || found.marker.tenantId !== item.tenantId))
    throw new PurgeIncomplete(`The database ${database.name} is marked as somebody else's.`);
  // One that lets nobody in was never served from: half made, or half dropped by a purge that has counted already.
  if (!found?.open) return {};
  const inner = await database.enter();
  const rows = await maintainTx(inner, item, (sql) => countTenantRows(sql, item.tenantId));
  await database.leave();
  return Object.fromEntries(Object.entries(rows).map(([table, n]) => [`${database.name}/${table}`, n]));
}

/** Each step opens the tenant's context anew, and with it reads the tombstone again. */
async function destroy(
  { client, item, control, database, progress, stepDone }: RequestContext,
  { schemas, databases, roles }: Footprint,
): Promise<void> {
  await control.assertCurrent();
  await maintainTx(client, item, (sql) => destroyRows(sql, item.tenantId, (share) => progress.within(share)));
  await stepDone('rows');
  if (databases.length > 0) {
    await control.assertCurrent();
    await maintainTx(client, item, async () => undefined);
    await database.drop();
    await stepDone('database');
  }
  await maintainTx(client, item, async (sql) => {
    for (const schema of schemas)
      await sql.query(`DROP SCHEMA IF EXISTS ${escapeIdentifier(schema)} CASCADE`);
    for (const role of roles) await sql.query(`DROP ROLE IF EXISTS ${escapeIdentifier(role)}`);
  });
  await stepDone('schema');
  await maintainTx(client, item, async (sql) => {
    await sql.query('DELETE FROM tenantry.schema_migration WHERE schema_name = ANY ($1)', [schemas]);
    await sql.query('DELETE FROM tenantry.provisioned WHERE tenant_id = $1', [item.tenantId]);
  });
  await stepDone('marker');
}

type KeptFootprint = Omit<Footprint, 'databases'> & Partial<Pick<Footprint, 'databases'>>;

/** What the purge found when it began, kept in the tombstone: after a crash in the middle the counts would be too low. */
async function firstFootprint(
  sql: SqlExecutor,
  tenantId: string,
  store: string,
  inside: Readonly<Record<string, number>>,
): Promise<Footprint> {
  const here = await measureFootprint(sql, tenantId, store);
  const now = { ...here, rows: { ...here.rows, ...inside } };
  const [tombstone] = await sql.query<{ footprint: KeptFootprint | null }>(
    'SELECT footprint FROM tenantry.tombstone WHERE tenant_id = $1',
    [tenantId],
  );
  const first: Footprint = tombstone?.footprint ? united(tombstone.footprint, now) : now;
  await sql.query('UPDATE tenantry.tombstone SET footprint = $2 WHERE tenant_id = $1', [
    tenantId,
    JSON.stringify(first),
  ]);
  return first;
}

function united(first: KeptFootprint, now: Footprint): Footprint {
  const rows = { ...first.rows };
  for (const [table, count] of Object.entries(now.rows)) rows[table] = Math.max(rows[table] ?? 0, count);
  return {
    rows,
    schemas: [...new Set([...first.schemas, ...now.schemas])],
    // One that was kept before there were databases does not speak of them.
    databases: [...new Set([...(first.databases ?? []), ...now.databases])],
    roles: [...new Set([...first.roles, ...now.roles])],
  };
}

function refuseRemains({ rows, schemas, databases, roles }: Footprint): void {
  const left = [
    ...Object.entries(rows)
      .filter(([, count]) => count > 0)
      .map(([table, count]) => `${count} rows in ${table}`),
    ...schemas.map((schema) => `schema ${schema}`),
    ...databases.map((database) => `database ${database}`),
    ...roles.map((role) => `role ${role}`),
  ];
  if (left.length > 0) throw new PurgeIncomplete(`Something of the tenant is left: ${left.join(', ')}.`);
}

/** The kit's own tables that still name the tenant: its id, numbers and times, nothing of its data. */
async function bookkeepingOf(sql: SqlExecutor, tenantId: string): Promise<Record<string, number>> {
  const tables = await sql.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c
     WHERE c.relnamespace = 'tenantry'::regnamespace AND c.relkind IN ('r', 'p')
       AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
     ORDER BY c.relname`,
  );
  const remains: Record<string, number> = {};
  for (const { name } of tables) {
    const [counted] = await sql.query<{ n: string }>(
      `SELECT count(*) AS n FROM tenantry.${escapeIdentifier(name)} WHERE tenant_id = $1`,
      [tenantId],
    );
    if (Number(counted!.n) > 0) remains[`tenantry.${name}`] = Number(counted!.n);
  }
  return remains;
}

function evidenceOf(
  before: Footprint,
  after: Footprint,
  remains: Record<string, number>,
): Record<string, unknown> {
  const tables = Object.fromEntries(
    Object.entries(before.rows).map(([table, count]) => [
      table,
      { rowsBefore: count, rowsAfter: after.rows[table] ?? 0 },
    ]),
  );
  return {
    tables,
    schemasDropped: before.schemas,
    databasesDropped: before.databases,
    rolesDropped: before.roles,
    remains,
  };
}
