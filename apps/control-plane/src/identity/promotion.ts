import type { SqlExecutor } from '@tenantry/database';

/** When the server was last found to have been promoted. */
export interface Promotion {
  /** RFC 3339 with microseconds, since it is what the promotion is known by. */
  readonly at: string;
  /** Whether the state channel was compared with the database since. */
  readonly compared: boolean;
}

/** The last promotion that was met; undefined when there was none since the identity was noted by an installation. */
export async function readPromotion(sql: SqlExecutor): Promise<Promotion | undefined> {
  const [row] = await sql.query<{ at: string | null; compared: boolean }>(
    `SELECT to_json(promoted_at) #>> '{}' AS at, compared_at IS NOT NULL AS compared FROM tenantry.database_identity`,
  );
  return row?.at ? { at: row.at, compared: row.compared } : undefined;
}

/**
 * Notes that everything which the state channel held was compared after this promotion. Writes the row anew, and so has to say by
 * which transaction.
 */
export async function noteCompared(sql: SqlExecutor, { at }: Promotion): Promise<void> {
  await sql.query(
    `UPDATE tenantry.database_identity SET compared_at = tenantry.now(), written_by = pg_current_xact_id()
     WHERE promoted_at = $1::timestamptz AND compared_at IS NULL`,
    [at],
  );
}
