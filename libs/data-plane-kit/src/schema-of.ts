import { pooledSchemaName, tenantSchemaName, type Isolation } from '@tenantry/contracts';

/**
 * The schema that a tenant's unqualified table names resolve to. A database of the tenant's own has the pooled layout and
 * holds that one tenant.
 */
export function schemaOf(isolation: Isolation, tenantId: string, store: string): string {
  return isolation === 'schema' ? tenantSchemaName(tenantId, store) : pooledSchemaName(store);
}
