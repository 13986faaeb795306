import {
  advisoryLocksClosed,
  databaseClosed,
  LARGE_OBJECTS_CLOSED,
  protect,
  type Protection,
  type SqlExecutor,
} from '@tenantry/database';
import { APP_ROLE, DEDICATED_ROLE, KIT_ROLE, PROVISIONER_ROLE } from './roles.js';
import { SUPPORT_ROLE } from './support-role.js';

/** Besides what fence and workers need: an administrator who is no superuser acts as the kit's role, and migrates. */
const ADVISORY_GRANTS = `
GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint), pg_advisory_xact_lock(bigint), pg_try_advisory_xact_lock_shared(bigint)
  TO ${KIT_ROLE};
GRANT EXECUTE ON FUNCTION pg_try_advisory_lock(bigint), pg_advisory_unlock(bigint) TO ${PROVISIONER_ROLE};`;

const CLOSED = databaseClosed([APP_ROLE, PROVISIONER_ROLE, SUPPORT_ROLE]);

const FUNCTIONS_CLOSED: readonly Protection[] = [advisoryLocksClosed(ADVISORY_GRANTS), LARGE_OBJECTS_CLOSED];

const PROTECTIONS: readonly Protection[] = [
  ...FUNCTIONS_CLOSED,
  {
    ...CLOSED,
    sql: (database) => `${CLOSED.sql(database)} GRANT CREATE ON DATABASE ${database} TO ${PROVISIONER_ROLE};`,
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
 * hold a tenant's fence, or exhaust the lock table), large objects (which have an owner and no tenant) and temporary
 * tables (with one it could shadow a tenant's table for the connection's next borrower). These belong to the database
 * itself, so a clone of it needs this again.
 *
 * @returns in words, what this administrator was not allowed to close.
 */
export function hardenDatabase(sql: SqlExecutor): Promise<string[]> {
  return protect(sql, PROTECTIONS);
}

/** As `hardenDatabase`, for a tenant's own database, which the provisioner owns: nobody else is in it but the tenant's login. */
export function hardenTenantDatabase(sql: SqlExecutor): Promise<string[]> {
  return protect(sql, [...FUNCTIONS_CLOSED, databaseClosed([APP_ROLE, DEDICATED_ROLE, SUPPORT_ROLE])]);
}
