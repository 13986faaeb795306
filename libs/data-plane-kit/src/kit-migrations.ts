import type { SqlMigration } from '@tenantry/database';

/** The kit's own tables and functions in schema `tenantry` of a service's database, applied by `installKit`. */
export const KIT_MIGRATIONS: readonly SqlMigration[] = [];
