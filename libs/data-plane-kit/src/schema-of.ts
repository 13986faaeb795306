import { pooledSchemaName, tenantSchemaName } from '@tenantry/contracts';

/** The schema that a tenant's unqualified table names resolve to. */
export function schemaOf(isolation: 'pooled' | 'schema', tenantId: string, store: string): string {
  return isolation === 'pooled' ? pooledSchemaName(store) : tenantSchemaName(tenantId, store);
}
