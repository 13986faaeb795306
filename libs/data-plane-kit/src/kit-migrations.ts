import type { SqlMigration } from '@tenantry/database';
import { CONSUMER_SQL } from '@tenantry/messaging';
import { BOOKKEEPING_SQL } from './sql/bookkeeping.sql.js';
import { CONTEXT_SQL } from './sql/context.sql.js';
import { CROSS_TENANT_SQL } from './sql/cross-tenant.sql.js';
import { FENCE_SQL } from './sql/fence.sql.js';
import { OWNERSHIP_SQL } from './sql/ownership.sql.js';
import { RECOVERY_GRANTS_SQL } from './sql/recovery-grants.sql.js';
import { ROUTE_CONFIRMATION_SQL } from './sql/route-confirmation.sql.js';
import { TENANT_DATABASES_SQL } from './sql/tenant-databases.sql.js';
import { SIGNING_SQL } from './sql/signing.sql.js';

/**
 * The kit's own tables and functions in schema `tenantry` of a service's database, immutable; `installKit` applies them
 * after it has made the roles that they name.
 */
export const KIT_MIGRATIONS: readonly SqlMigration[] = [
  ...CONSUMER_SQL,
  { name: 'kit-0001-bookkeeping', sql: BOOKKEEPING_SQL },
  { name: 'kit-0002-tenant-context', sql: CONTEXT_SQL + FENCE_SQL + OWNERSHIP_SQL },
  { name: 'kit-0003-recovery-grants', sql: RECOVERY_GRANTS_SQL },
  { name: 'kit-0004-route-confirmation', sql: ROUTE_CONFIRMATION_SQL },
  { name: 'kit-0005-context-signing', sql: SIGNING_SQL },
  { name: 'kit-0010-cross-tenant', sql: CROSS_TENANT_SQL },
  { name: 'kit-0015-tenant-databases', sql: TENANT_DATABASES_SQL },
];
