import type { Isolation } from './lifecycle-vocabulary.js';

const STORE = /^[a-z][a-z0-9]{0,19}$/;
const PARTICIPANT = /^[a-z][a-z0-9-]{0,39}$/;

/** Whether a store's name is legal: lower-case letters and digits, at most 20 bytes, so that derived names stay below Postgres's 63. */
export function isStoreName(name: string): boolean {
  return STORE.test(name);
}

/** Whether a participant's name is legal: it becomes part of a topic's and of a login's name. */
export function isParticipantName(name: string): boolean {
  return PARTICIPANT.test(name);
}

/** The schema (and role) of one tenant's store: `t_` + 32 hex digits of the id + `_` + store; never from the slug. */
export function tenantSchemaName(tenantId: string, store: string): string {
  return `${tenantSchemaPrefix(tenantId)}${store}`;
}

/**
 * The database (and login) of one tenant's store, in the model of a database of its own: the same text as the schema would have, so that
 * whatever knows a tenant's objects by name knows it too. Inside, the layout is the pooled one: its tables are in `pooledSchemaName(store)`.
 */
export function tenantDatabaseName(tenantId: string, store: string): string {
  return tenantSchemaName(tenantId, store);
}

/** What all of one tenant's schema names begin with, and those of its databases. */
export function tenantSchemaPrefix(tenantId: string): string {
  return `t_${tenantId.replaceAll('-', '').toLowerCase()}_`;
}

/** What the schema and database names of all tenants match, and no other: a regular expression that Postgres reads alike. */
export const TENANT_SCHEMA_PATTERN = '^t_[0-9a-f]{32}_';

/** The schema that holds all pooled tenants of a store; in a tenant's own database, that tenant alone. */
export function pooledSchemaName(store: string): string {
  return `pooled_${store}`;
}

/** Where a tenant's rows of a store are on its cluster, by its model; database null: the cluster's default one. */
export function placeNames(
  isolation: Isolation,
  tenantId: string,
  store: string,
): { database: string | null; schema: string } {
  switch (isolation) {
    case 'pooled':
      return { database: null, schema: pooledSchemaName(store) };
    case 'schema':
      return { database: null, schema: tenantSchemaName(tenantId, store) };
    case 'database':
      // Laid out as the shared one is, so that one code path serves both.
      return { database: tenantDatabaseName(tenantId, store), schema: pooledSchemaName(store) };
  }
}
