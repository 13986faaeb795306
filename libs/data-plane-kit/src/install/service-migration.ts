import { createHash } from 'node:crypto';
import { MigrationChanged, type SqlExecutor, type SqlMigration } from '@tenantry/database';
import { escapeIdentifier, escapeLiteral } from 'pg';
import type { StepTransaction } from '../participant/transaction.js';
import type { ServiceDefinition } from '../service-definition.js';
import { securingStatements, type TableSecurity } from './secure-tables.js';

/** The service's migrations that a schema lacks, in order. @throws MigrationChanged when one it has reads differently now. */
export async function missingMigrations(
  sql: SqlExecutor,
  service: ServiceDefinition,
  schema: string,
): Promise<SqlMigration[]> {
  const rows = await sql.query<{ name: string; checksum: string }>(
    'SELECT name, checksum FROM tenantry.schema_migration WHERE schema_name = $1',
    [schema],
  );
  const applied = new Map(rows.map(({ name, checksum }) => [name, checksum]));
  for (const migration of service.migrations) {
    const checksum = applied.get(migration.name);
    if (checksum !== undefined && checksum !== checksumOf(migration))
      throw new MigrationChanged(`${schema}/${migration.name}`);
  }
  return service.migrations.filter(({ name }) => !applied.has(name));
}

/**
 * Applies one migration to one schema, with row security on what it made, as part of the caller's transaction (of the
 * provisioner's role). The record goes first: a second runner waits for it, and then finds the migration done.
 *
 * @returns whether it was applied here.
 */
export async function applyMigrationTx(
  sql: SqlExecutor,
  migration: SqlMigration,
  security: TableSecurity,
): Promise<boolean> {
  const recorded = await sql.query(
    `INSERT INTO tenantry.schema_migration (schema_name, name, checksum) VALUES ($1, $2, $3)
     ON CONFLICT ON CONSTRAINT schema_migration_pkey DO NOTHING RETURNING name`,
    [security.schema, migration.name, checksumOf(migration)],
  );
  if (recorded.length === 0) return false;
  await sql.query(`${useSchemaSql(security.schema)}; ${migration.sql}`);
  await sql.query((await securingStatements(sql, security)).join(';\n'));
  return true;
}

/**
 * Applies all of the service's migrations to a schema that is made in this transaction, and nobody else sees yet, so that each needs no
 * message of its own. Row security is in place before anybody does.
 */
export async function applyAllMigrationsTx(
  tx: StepTransaction,
  migrations: readonly SqlMigration[],
  security: TableSecurity,
): Promise<void> {
  const records = migrations.map((one) =>
    [security.schema, one.name, checksumOf(one)].map(escapeLiteral).join(', '),
  );
  if (records.length > 0)
    tx.later(
      `INSERT INTO tenantry.schema_migration (schema_name, name, checksum) VALUES (${records.join('), (')})`,
    );
  tx.later(useSchemaSql(security.schema), ...migrations.map(({ sql }) => sql));
  tx.later(...(await securingStatements(tx, security)));
}

/** Makes unqualified names mean this schema's tables until the transaction ends; temporary ones come last. */
export function useSchemaSql(schema: string): string {
  return `SET LOCAL search_path TO ${escapeIdentifier(schema)}, pg_temp`;
}

function checksumOf({ sql }: SqlMigration): string {
  return createHash('sha256').update(sql).digest('hex');
}
