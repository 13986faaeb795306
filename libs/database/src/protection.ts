import { DatabaseError } from 'pg';
import type { SqlExecutor } from './sql-executor.js';
import { withoutRaces } from './without-races.js';

const INSUFFICIENT_PRIVILEGE = '42501';

/** Something that is open in a database as Postgres makes it and is closed in ours. */
export interface Protection {
  /** Statements that close it, for the quoted name of the current database; doing them again changes nothing. */
  readonly sql: (database: string) => string;
  /** A condition in SQL that holds when it is closed; asked, since a REVOKE without the right to it only warns. */
  readonly holds: string;
  /** What is open without it, in words. */
  readonly otherwise: string;
}

/**
 * Takes the functions for advisory locks from everybody: with them any login could hold a lock that others wait for, or
 * exhaust the lock table.
 *
 * @param grants statements that give back what is needed. Who migrates needs `pg_advisory_lock(bigint)`.
 */
export function advisoryLocksClosed(grants: string): Protection {
  return {
    ...functionsClosed(`p.proname LIKE 'pg\\_%advisory%'`, grants),
    otherwise: 'advisory locks stay open to every login: a denial of service by lock is possible',
  };
}

/** Takes the functions for large objects from everybody: what they make has an owner and no tenant. */
export const LARGE_OBJECTS_CLOSED: Protection = {
  ...functionsClosed(`(p.proname LIKE 'lo\\_%' OR p.proname IN ('loread', 'lowrite'))`),
  otherwise: 'large objects stay open to every login: tenants can share them, and a purge does not find them',
};

/**
 * Takes connecting and temporary tables from everybody, and connecting from the groups too: these belong to the whole
 * server and have members that serve other databases of it. `ensureLogin` lets this one's logins in, one by one.
 */
export function databaseClosed(groups: readonly string[]): Protection {
  const grantees = ['public', ...groups];
  return {
    sql: (database) =>
      `REVOKE ALL ON DATABASE ${database} FROM PUBLIC; REVOKE CONNECT ON DATABASE ${database} FROM ${groups.join(', ')};`,
    holds: grantees
      .map((grantee) => `NOT has_database_privilege('${grantee}', current_database(), 'CONNECT, TEMP')`)
      .join(' AND '),
    otherwise: 'every login may connect to the database and make temporary tables in it',
  };
}

function functionsClosed(condition: string, grants = ''): Pick<Protection, 'sql' | 'holds'> {
  const functions = `pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace AND ${condition}`;
  return {
    sql: () => `
DO $$ DECLARE f regprocedure; BEGIN
  FOR f IN SELECT p.oid FROM ${functions} LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
  END LOOP;
END $$;
${grants}`,
    holds: `NOT EXISTS (SELECT FROM ${functions} AND has_function_privilege('public', p.oid, 'EXECUTE'))`,
  };
}

/**
 * Sets up the protections as far as this administrator may. They belong to the database itself: a clone of it needs this
 * again. To be run outside of a transaction.
 *
 * @returns in words, what stays open.
 */
export async function protect(sql: SqlExecutor, protections: readonly Protection[]): Promise<string[]> {
  const [row] = await sql.query<{ database: string }>('SELECT quote_ident(current_database()) AS database');
  const warnings: string[] = [];
  for (const protection of protections) {
    await permitted(() => withoutRaces(() => sql.query(protection.sql(row!.database))));
    const held = await sql.query(`SELECT WHERE ${protection.holds}`);
    if (held.length === 0) warnings.push(protection.otherwise);
  }
  return warnings;
}

/** Does what this administrator may; whether it was enough is looked at afterwards. */
async function permitted(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof DatabaseError && error.code === INSUFFICIENT_PRIVILEGE)) throw error;
  }
}
