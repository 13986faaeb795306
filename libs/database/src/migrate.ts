import { RELEASE, type Release } from '@tenantry/kernel';
import { createHash } from 'node:crypto';
import { Client, DatabaseError } from 'pg';
import { pgExecutor } from './pg-executor.js';
import { judgeSchemaLevel, readSchemaLevel } from './schema-level.js';
import type { SqlMigration } from './sql-migration.js';

/** A migration that was applied has another text now, so nobody knows what the database looks like. */
export class MigrationChanged extends Error {
  constructor(readonly migration: string) {
    super(
      `Migration ${migration} was applied with another text. Restore its text and put the change into a new migration.`,
    );
    this.name = 'MigrationChanged';
  }
}

/** Somebody holds the lock that lets one migration run at a time: another migration that takes long, or hangs. */
export class MigrationBlocked extends Error {
  constructor(waitedMs: number, cause: unknown) {
    super(
      `Another migration of this database has not finished within ${waitedMs} ms. Find the session in pg_locks (locktype advisory), and try again.`,
      { cause },
    );
    this.name = 'MigrationBlocked';
  }
}

export interface MigrateOptions {
  /** How long to wait for another migration of the database. Default 60 000. */
  readonly turnTimeoutMs?: number;
  /** The release that migrates. Default: the one that this code is. */
  readonly release?: Release;
}

/** How long a statement of a migration waits for a lock before the migration fails, in milliseconds. */
export const LOCK_TIMEOUT_MS = 10_000;
/** How long one migration of a database waits for another, unless told otherwise, in milliseconds. */
export const TURN_TIMEOUT_MS = 60_000;
const LOCK_NOT_AVAILABLE = '55P03';

const BOOKKEEPING = `
CREATE SCHEMA IF NOT EXISTS tenantry;
CREATE TABLE IF NOT EXISTS tenantry.migration (
  name text NOT NULL,
  checksum text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT migration_pkey PRIMARY KEY (name)
);
-- The oldest release whose processes may be started on the database once a migration is applied. A table of its own: processes of
-- releases that know nothing of it compare the columns of the other one.
CREATE TABLE IF NOT EXISTS tenantry.migration_release (
  name text NOT NULL,
  serves_from text NOT NULL,
  CONSTRAINT migration_release_pkey PRIMARY KEY (name)
);`;

/** Who may read which migrations are applied may read whom they serve. */
const READERS = `
DO $$ DECLARE reader regrole; BEGIN
  FOR reader IN
    SELECT acl.grantee::regrole FROM pg_class c, aclexplode(c.relacl) acl
    WHERE c.oid = 'tenantry.migration'::regclass AND acl.privilege_type = 'SELECT' AND acl.grantee NOT IN (0, c.relowner)
      AND NOT has_table_privilege(acl.grantee, 'tenantry.migration_release', 'SELECT')
  LOOP
    EXECUTE format('GRANT SELECT ON tenantry.migration_release TO %s', reader);
  END LOOP;
END $$;`;

/**
 * Applies what is missing, in the given order, each in its own transaction together with its record in
 * `tenantry.migration`. Concurrent calls on one database wait for each other.
 *
 * @param url of a login that may create in the database; directly, not through a pooler.
 * @returns the names applied now; empty when there was nothing to do.
 * @throws MigrationBlocked, MigrationChanged or SchemaTooNew before anything is applied; otherwise the database's error, with the migration's name, after which
 * the earlier migrations stay applied.
 */
export async function migrate(
  url: string,
  migrations: readonly SqlMigration[],
  { turnTimeoutMs = TURN_TIMEOUT_MS, release = RELEASE }: MigrateOptions = {},
): Promise<string[]> {
  const client = new Client({ connectionString: url });
  // A connection lost between two statements fails the next one; unheard, the event would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await takeTurn(client, turnTimeoutMs);
    await client.query(BOOKKEEPING);
    const missing = await missingOf(client, migrations);
    judgeSchemaLevel(await readSchemaLevel(pgExecutor(client), migrations), release);
    for (const migration of missing) await apply(client, migration, release);
    await client.query(READERS);
    return missing.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

/** The lock is held by the session and thus over all transactions; closing the connection lets go of it. */
async function takeTurn(client: Client, timeoutMs: number): Promise<void> {
  await client.query(`SELECT set_config('lock_timeout', $1, false)`, [`${timeoutMs}ms`]);
  try {
    await client.query(`SELECT pg_advisory_lock(hashtextextended('tenantry.migrate', 0))`);
  } catch (error) {
    if (error instanceof DatabaseError && error.code === LOCK_NOT_AVAILABLE)
      throw new MigrationBlocked(timeoutMs, error);
    throw error;
  }
}

async function missingOf(client: Client, migrations: readonly SqlMigration[]): Promise<SqlMigration[]> {
  const { rows } = await client.query<{ name: string; checksum: string }>(
    'SELECT name, checksum FROM tenantry.migration',
  );
  const applied = new Map(rows.map((row) => [row.name, row.checksum]));
  for (const migration of migrations) {
    const checksum = applied.get(migration.name);
    if (checksum !== undefined && checksum !== checksumOf(migration))
      throw new MigrationChanged(migration.name);
  }
  return migrations.filter(({ name }) => !applied.has(name));
}

async function apply(client: Client, migration: SqlMigration, release: Release): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await client.query(migration.sql);
    await client.query('INSERT INTO tenantry.migration (name, checksum) VALUES ($1, $2)', [
      migration.name,
      checksumOf(migration),
    ]);
    await client.query('INSERT INTO tenantry.migration_release (name, serves_from) VALUES ($1, $2)', [
      migration.name,
      release.servesFrom,
    ]);
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK');
    throw new Error(
      `Migration ${migration.name} failed: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

function checksumOf({ sql }: SqlMigration): string {
  return createHash('sha256').update(sql).digest('hex');
}
