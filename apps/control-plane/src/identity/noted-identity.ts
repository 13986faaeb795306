import type { SqlExecutor } from '@tenantry/database';
import type { DatabaseIdentity, NotedIdentity } from './database-identity.js';

/** What was noted; undefined in a database where nobody has yet. */
export async function readNotedIdentity(sql: SqlExecutor): Promise<NotedIdentity | undefined> {
  if (!(await hasTable(sql))) return undefined;
  // A row keeps the transaction that wrote it through freezing, VACUUM FULL and pg_upgrade; its number has 32 bits.
  const [row] = await sql.query<{
    system: string | null;
    database: string;
    table: string | null;
    version: number;
    timeline: string | null;
    genuine: boolean;
  }>(
    `SELECT system_identifier AS system, database_oid::text AS database, table_oid::text AS table, server_version AS version, timeline::text AS timeline,
       xmin::text::bigint = written_by::text::numeric % 4294967296 AS genuine FROM tenantry.database_identity`,
  );
  return (
    row && {
      systemIdentifier: row.system ?? undefined,
      databaseOid: row.database,
      tableOid: row.table ?? undefined,
      serverVersion: row.version,
      timeline: row.timeline === null ? undefined : Number(row.timeline),
      genuine: row.genuine,
    }
  );
}

/**
 * Notes which database this is, as that of the installation. In a transaction, not below a savepoint: what is written there is a
 * transaction of its own to the server, and would be taken for a copy.
 *
 * @param promoted whether the state channel has to be compared before anything is sent. Default: false.
 */
export async function noteIdentityTx(
  sql: SqlExecutor,
  identity: DatabaseIdentity,
  { promoted = false }: { readonly promoted?: boolean } = {},
): Promise<void> {
  await sql.query(
    `INSERT INTO tenantry.database_identity (system_identifier, database_oid, table_oid, server_version, timeline, written_by, noted_at, promoted_at)
     VALUES ($1, $2, $3, $4, $5, pg_current_xact_id(), tenantry.now(), CASE WHEN $6 THEN tenantry.now() END)
     ON CONFLICT (single) DO UPDATE SET system_identifier = excluded.system_identifier, database_oid = excluded.database_oid,
       table_oid = excluded.table_oid, server_version = excluded.server_version, timeline = excluded.timeline, written_by = excluded.written_by,
       noted_at = excluded.noted_at, promoted_at = excluded.promoted_at, compared_at = NULL`,
    [...values(identity), promoted],
  );
}

/**
 * Notes what a failover or an upgrade of the server has changed, unless somebody else has.
 *
 * @param promoted whether the state channel has to be compared before anything is sent again.
 */
export async function noteChange(
  sql: SqlExecutor,
  noted: NotedIdentity,
  met: DatabaseIdentity,
  promoted: boolean,
): Promise<boolean> {
  const rows = await sql.query(
    `UPDATE tenantry.database_identity SET system_identifier = $1, database_oid = $2, table_oid = $3, server_version = $4, timeline = $5,
       written_by = pg_current_xact_id(), noted_at = tenantry.now(),
       promoted_at = CASE WHEN $6 THEN tenantry.now() ELSE promoted_at END, compared_at = CASE WHEN $6 THEN NULL ELSE compared_at END
     WHERE (system_identifier, timeline) IS NOT DISTINCT FROM ($7::text, $8::bigint)
       AND (xmin::text::bigint = written_by::text::numeric % 4294967296) = $9 RETURNING single`,
    [...values(met), promoted, noted.systemIdentifier ?? null, noted.timeline ?? null, noted.genuine],
  );
  return rows.length > 0;
}

function values(identity: DatabaseIdentity): unknown[] {
  const { systemIdentifier, databaseOid, tableOid, serverVersion, timeline } = identity;
  return [systemIdentifier ?? null, databaseOid, tableOid ?? null, serverVersion, timeline ?? null];
}

async function hasTable(sql: SqlExecutor): Promise<boolean> {
  const [row] = await sql.query<{ there: boolean }>(
    `SELECT to_regclass('tenantry.database_identity') IS NOT NULL AS there`,
  );
  return row?.there === true;
}
