import {
  ensureLogin,
  groupRoleSql,
  judgeLogin,
  pgExecutor,
  type DatabaseLogin,
  type LoginGroup,
} from '@tenantry/database';
import type { Client } from 'pg';

/** Reaches tenants' rows across tenants, through recorded actions only; owns nothing, and cannot serve. */
export const SUPPORT_ROLE = 'tenantry_support';

const SUPPORT_GROUP: LoginGroup = { name: SUPPORT_ROLE };

/**
 * Makes the group of support's logins, and the login if there is to be one.
 *
 * @throws UnfitLogin when the login is, or could become, more than a member of the group; before anything is changed.
 */
export async function ensureSupportRole(client: Client, login: DatabaseLogin | undefined): Promise<void> {
  const sql = pgExecutor(client);
  if (login) await judgeLogin(sql, login.name, SUPPORT_GROUP);
  await sql.query(groupRoleSql(SUPPORT_ROLE));
  if (login) await ensureLogin(sql, login, SUPPORT_GROUP);
}

/** Says in whose name what support does in this database is told to the control plane; to be run after the kit's migrations. */
export async function tellSupportAudit(client: Client, participant: string): Promise<void> {
  await client.query(
    `INSERT INTO tenantry.support_audit (participant) VALUES ($1)
     ON CONFLICT ON CONSTRAINT support_audit_pkey DO UPDATE SET participant = excluded.participant
       WHERE support_audit.participant <> excluded.participant`,
    [participant],
  );
}
