import type { DataSource, EntityManager } from 'typeorm';
import { pgFacade } from '../pg-facade.js';
import type { TenantTransaction } from '../tenant-transaction.js';

/**
 * An entity manager inside a tenant's transaction: repositories, query builders and subscribers work as usual, and
 * `manager.transaction` nests as a savepoint. It ends with `work`, like the transaction.
 *
 * @param dataSource of type `postgres`, initialised; what is asked of it directly is in no tenant's context, and is refused by
 * the tenants' tables. Entities name no schema, since each tenant's tables are found by the search path.
 * @throws Error for a data source or an entity that names a schema.
 */
export function tenantManager(dataSource: DataSource, tx: TenantTransaction): EntityManager {
  assertFindsTenants(dataSource);
  const runner = dataSource.createQueryRunner();
  const connection = pgFacade(tx);
  // The runner then knows that it is in a transaction already, and makes savepoints; else its first COMMIT would be ours.
  Object.assign(runner, { connect: async () => connection, isTransactionActive: true, transactionDepth: 1 });
  return runner.manager;
}

const judged = new WeakSet<DataSource>();

function assertFindsTenants(dataSource: DataSource): void {
  if (judged.has(dataSource)) return;
  if (dataSource.options.type !== 'postgres')
    throw new Error('The data source must be of type postgres, which is how tenants are kept.');
  const named = dataSource.entityMetadatas.find(({ schema }) => schema !== undefined);
  if (named)
    throw new Error(
      `The entity ${named.name} names the schema ${named.schema}; leave schemas out, the search path finds the tenant's.`,
    );
  judged.add(dataSource);
}
