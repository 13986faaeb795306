import type { QueryConfig, QueryResult } from 'pg';
import type { SqlStatement } from './protocol/encoded-statement.js';
import type { TenantTransaction } from './tenant-transaction.js';

/** What libraries ask of a connection of `pg`. */
export interface PgFacade {
  query(statement: string | PgStatement, values?: readonly unknown[]): Promise<QueryResult>;
}

/** As libraries write it: `pg`'s, with the mode of rows that only some of its types have. */
type PgStatement = QueryConfig & { readonly rowMode?: string };

/**
 * A tenant's transaction in the shape of a connection of `pg`, for libraries that want one. What is prepared under a name
 * is sent without it, since it would outlive the transaction.
 *
 * @throws TypeError for what is no statement: streams and cursors of other packages (`tx.stream` has one), and callbacks.
 */
export function pgFacade(tx: TenantTransaction): PgFacade {
  return { query: async (statement, values) => tx.execute(asStatement(statement, values)) };
}

function asStatement(statement: string | PgStatement, values: readonly unknown[] | undefined): SqlStatement {
  if (typeof statement === 'string') return { text: statement, ...(values && { values }) };
  if ('submit' in statement || typeof statement.text !== 'string' || typeof values === 'function')
    throw new TypeError('A tenant’s transaction takes statements only; to stream rows, use tx.stream.');
  const given = values ?? (statement.values as readonly unknown[] | undefined);
  return {
    text: statement.text,
    ...(given && { values: given }),
    ...(statement.rowMode === 'array' && { rowMode: 'array' }),
    ...(statement.types && { types: statement.types }),
  };
}
