import { type Client, DatabaseError } from 'pg';
import { APP_ROLE, KIT_ROLE, PROVISIONER_ROLE } from './roles.js';

const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Takes from everybody what would let one session of the application disturb another: advisory locks (with them it could
 * hold a tenant's fence, or exhaust the lock table) and temporary tables (with one it could shadow a tenant's table for
 * the connection's next borrower). These belong to the database itself, so a clone of it needs this again.
 *
 * @returns in words, what this administrator was not allowed to do.
 */
export async function hardenDatabase(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ database: string }>(
    'SELECT quote_ident(current_database()) AS database',
  );
  const database = rows[0]!.database;
  const warnings = [
    await attempt(
      client,
      'advisory locks stay open to every login: a denial of service by lock is possible',
      `DO $$ DECLARE f regprocedure; BEGIN
         FOR f IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname LIKE 'pg\\_%advisory%' LOOP
           EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
         END LOOP;
       END $$;
       GRANT EXECUTE ON FUNCTION pg_advisory_xact_lock(bigint), pg_try_advisory_xact_lock_shared(bigint) TO ${KIT_ROLE};
       GRANT EXECUTE ON FUNCTION pg_try_advisory_lock(bigint), pg_advisory_unlock(bigint) TO ${PROVISIONER_ROLE};`,
    ),
    await attempt(
      client,
      'every login may connect to the database and make temporary tables in it',
      `REVOKE ALL ON DATABASE ${database} FROM PUBLIC;
       GRANT CONNECT ON DATABASE ${database} TO ${APP_ROLE}, ${PROVISIONER_ROLE};
       GRANT CREATE ON DATABASE ${database} TO ${PROVISIONER_ROLE};`,
    ),
    await attempt(
      client,
      'a transaction that blocks a suspension cannot be ended: pg_signal_backend could not be granted',
      `DO $$ BEGIN
         IF NOT pg_has_role('${KIT_ROLE}', 'pg_signal_backend', 'USAGE') THEN GRANT pg_signal_backend TO ${KIT_ROLE}; END IF;
       EXCEPTION WHEN unique_violation THEN NULL;
       END $$;`,
    ),
  ];
  return warnings.filter((warning) => warning !== undefined);
}

async function attempt(client: Client, otherwise: string, sql: string): Promise<string | undefined> {
  try {
    await client.query(sql);
    return undefined;
  } catch (error) {
    if (error instanceof DatabaseError && error.code === INSUFFICIENT_PRIVILEGE) return otherwise;
    throw error;
  }
}
