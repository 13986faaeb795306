import type { SqlExecutor } from './sql-executor.js';

/** What `pgExecutor` needs of a pg client or pool. */
export interface PgQueryable {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** A pg client (inside its transaction, if it is in one) or a pool (each statement on its own) as an SqlExecutor. */
export function pgExecutor(source: PgQueryable): SqlExecutor {
  return {
    async query<R extends object>(text: string, params: readonly unknown[] = []): Promise<R[]> {
      const { rows } = await source.query(text, [...params]);
      return rows as R[];
    },
  };
}
