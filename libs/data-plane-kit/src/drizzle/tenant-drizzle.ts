import { PgDialect } from 'drizzle-orm/pg-core';
import { NodePgSession, NodePgTransaction, type NodePgClient } from 'drizzle-orm/node-postgres';
import {
  createTableRelationsHelpers,
  extractTablesRelationalConfig,
  type DrizzleConfig,
  type ExtractTablesWithRelations,
} from 'drizzle-orm';
import { pgFacade } from '../pg-facade.js';
import type { TenantTransaction } from '../tenant-transaction.js';

/** What Drizzle calls a transaction: its `transaction` nests as a savepoint. */
export type TenantDrizzle<TSchema extends Record<string, unknown>> = NodePgTransaction<
  TSchema,
  ExtractTablesWithRelations<TSchema>
>;

/** As for `drizzle(…)`, without caching: a cache knows no tenants. */
export type TenantDrizzleOptions<TSchema extends Record<string, unknown>> = Pick<
  DrizzleConfig<TSchema>,
  'schema' | 'casing'
> & { readonly logger?: Exclude<DrizzleConfig['logger'], boolean> };

/**
 * Drizzle inside a tenant's transaction. It ends with `work`, like the transaction. Tables are declared with `pgTable`,
 * not in a `pgSchema`: each tenant's are found by the search path.
 */
export function tenantDrizzle<TSchema extends Record<string, unknown> = Record<string, never>>(
  tx: TenantTransaction,
  { schema, casing, logger }: TenantDrizzleOptions<TSchema> = {},
): TenantDrizzle<TSchema> {
  const dialect = new PgDialect({ ...(casing && { casing }) });
  const relations = schema && relationsOf(schema);
  // It calls nothing but `query`; its own type asks for all that a connection of pg has.
  const client = pgFacade(tx) as unknown as NodePgClient;
  const session = new NodePgSession(client, dialect, relations, { ...(logger && { logger }) });
  return new NodePgTransaction(dialect, session, relations);
}

function relationsOf<TSchema extends Record<string, unknown>>(fullSchema: TSchema) {
  const { tables, tableNamesMap } = extractTablesRelationalConfig<ExtractTablesWithRelations<TSchema>>(
    fullSchema,
    createTableRelationsHelpers,
  );
  return { fullSchema, schema: tables, tableNamesMap };
}
