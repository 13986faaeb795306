import type { SqlExecutor, SqlMigration } from '@tenantry/database';

/** What seeding found in place afterwards: counts, or names of objects such as roles; never tenants' data. */
export type SeedEvidence = Readonly<Record<string, number | readonly string[]>>;

/** A service as the kit sees it: whose data it keeps, in which tables, and what a new tenant starts with. */
export interface ServiceDefinition {
  /** The participant's name, e.g. `reference`. */
  readonly name: string;
  /** The store it owns, e.g. `primary`: lower-case letters and digits, at most 20. */
  readonly store: string;
  /**
   * The tables, as immutable steps of plain SQL with unqualified names: each runs once in `pooled_<store>` and once in
   * every tenant's own schema, by the search path. Row security, policies and grants are the kit's: a table with a
   * `tenant_id uuid` column is a tenant's, every other one must be listed in `globalTables`, or the migration fails.
   * Sequences get no grants: make ids in the application.
   */
  readonly migrations: readonly SqlMigration[];
  /** Tables without a tenant column, readable by every tenant and written by migrations only. */
  readonly globalTables: readonly string[];
  /**
   * Puts a new tenant's first rows in place. It runs in the tenant's context with its tables on the search path, may
   * run again after a crash, and must then change nothing (`ON CONFLICT DO NOTHING`).
   *
   * @returns what is there afterwards, which becomes part of the provisioning evidence.
   */
  seed(sql: SqlExecutor, tenantId: string): Promise<SeedEvidence>;
}
