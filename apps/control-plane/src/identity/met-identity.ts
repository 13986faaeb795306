import type { SqlExecutor } from '@tenantry/database';
import { isPassingFault } from '../database/passing-fault.js';
import type { MetIdentity } from './database-identity.js';

const SYSTEM_IDENTIFIER = 'SELECT system_identifier::text AS told FROM pg_control_system()';

/** The control file has a new history only after its next checkpoint; the name of the segment that is written has it at once. */
const TIMELINE = `SELECT ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint::text AS told`;

/** These can only be set at a server's start, so they are those of the recovery that this start may have been. */
const RECOVERY_TARGET = `SELECT name AS told FROM pg_settings WHERE setting <> ''
  AND name IN ('recovery_target', 'recovery_target_lsn', 'recovery_target_name', 'recovery_target_time', 'recovery_target_xid')
  ORDER BY name LIMIT 1`;

/** Asks the server who it is. What it does not tell is left out. */
export async function meetIdentity(sql: SqlExecutor): Promise<MetIdentity> {
  const [row] = await sql.query<{ oid: string; table: string | null; version: string }>(
    `SELECT oid::text AS oid, to_regclass('tenantry.database_identity')::oid::text AS table,
       current_setting('server_version_num') AS version FROM pg_database WHERE datname = current_database()`,
  );
  const timeline = await told(sql, TIMELINE);
  return {
    systemIdentifier: await told(sql, SYSTEM_IDENTIFIER),
    databaseOid: row!.oid,
    tableOid: row!.table ?? undefined,
    serverVersion: Number(row!.version),
    timeline: timeline === undefined ? undefined : Number(timeline),
    recoveryTarget: await told(sql, RECOVERY_TARGET),
  };
}

/** A server that may not be asked, does not have it, or cannot say it (a standby) does not tell; one that is away is asked again. */
async function told(sql: SqlExecutor, question: string): Promise<string | undefined> {
  try {
    const [row] = await sql.query<{ told: string | null }>(question);
    return row?.told ?? undefined;
  } catch (error) {
    if (isPassingFault(error) && !isOfStandby(error)) throw error;
    return undefined;
  }
}

function isOfStandby(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '55000';
}
