import { type Client, DatabaseError } from 'pg';
import { APP_ROLE, KIT_ROLE, PROVISIONER_ROLE } from './roles.js';

const INSUFFICIENT_PRIVILEGE = '42501';

interface Protection {
  readonly sql: (database: string) => string;
  /** A condition in SQL that holds when the protection is there; asked, since a REVOKE without the right to it only warns. */
  readonly holds: string;
  /** What is open without it, in words. */
  readonly otherwise: string;
}

const PROTECTIONS: readonly Protection[] = [
  {
    sql: () => `
DO $$ DECLARE f regprocedure; BEGIN
  FOR f IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname LIKE 'pg\\_%advisory%' LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
  END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION pg_advisory_xact_lock(bigint), pg_try_advisory_xact_lock_shared(bigint) TO ${KIT_ROLE};
GRANT EXECUTE ON FUNCTION pg_try_advisory_lock(bigint), pg_advisory_unlock(bigint) TO ${PROVISIONER_ROLE};`,
    holds: `NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname LIKE 'pg\\_%advisory%'
      AND has_function_privilege('public', p.oid, 'EXECUTE'))`,
    otherwise: 'advisory locks stay open to every login: a denial of service by lock is possible',
  },
  {
    sql: (database) => `
REVOKE ALL ON DATABASE ${database} FROM PUBLIC;
-- The groups have members that serve other databases of the server; this one's logins are let in one by one.
REVOKE CONNECT ON DATABASE ${database} FROM ${APP_ROLE}, ${PROVISIONER_ROLE};
GRANT CREATE ON DATABASE ${database} TO ${PROVISIONER_ROLE};`,
    holds: `NOT has_database_privilege('public', current_database(), 'CONNECT, TEMP')
      AND NOT has_database_privilege('${APP_ROLE}', current_database(), 'CONNECT')
      AND NOT has_database_privilege('${PROVISIONER_ROLE}', current_database(), 'CONNECT')`,
    otherwise: 'every login may connect to the database and make temporary tables in it',
  },
  {
    sql: () => `
DO $$ BEGIN
  IF NOT pg_has_role('${KIT_ROLE}', 'pg_signal_backend', 'USAGE') THEN GRANT pg_signal_backend TO ${KIT_ROLE}; END IF;
EXCEPTION WHEN unique_violation THEN NULL;
END $$;`,
    holds: `pg_has_role('${KIT_ROLE}', 'pg_signal_backend', 'USAGE')`,
    otherwise:
      'a transaction that blocks a suspension cannot be ended: pg_signal_backend could not be granted',
  },
];

/**
 * Takes from everybody what would let one session of the application disturb another: advisory locks (with them it could
 * hold a tenant's fence, or exhaust the lock table) and temporary tables (with one it could shadow a tenant's table for
 * the connection's next borrower). These belong to the database itself, so a clone of it needs this again.
 *
 * @returns in words, what this administrator was not allowed to close.
 */
export async function hardenDatabase(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ database: string }>(
    'SELECT quote_ident(current_database()) AS database',
  );
  const warnings: string[] = [];
  for (const { sql, holds, otherwise } of PROTECTIONS) {
    await permitted(client, sql(rows[0]!.database));
    const { rowCount } = await client.query(`SELECT WHERE ${holds}`);
    if (rowCount === 0) warnings.push(otherwise);
  }
  return warnings;
}

/** Does what this administrator may; whether it was enough is looked at afterwards. */
async function permitted(client: Client, sql: string): Promise<void> {
  try {
    await client.query(sql);
  } catch (error) {
    if (!(error instanceof DatabaseError && error.code === INSUFFICIENT_PRIVILEGE)) throw error;
  }
}
