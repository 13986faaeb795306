import type { Isolation } from '@tenantry/contracts';
import type { Row, SqlExecutor } from '@tenantry/database';
import type { QueryResult } from 'pg';
import type { SqlStatement } from './protocol/encoded-statement.js';

export interface StreamOptions {
  /** How many rows are fetched at once, and so how many are in memory. Default: 500. */
  readonly batchRows?: number;
}

/** One open transaction inside one tenant's context; of no use after `work` has returned. */
export interface TenantTransaction extends SqlExecutor {
  readonly tenantId: string;
  /** Where the tenant's rows are; application code has no need to look. */
  readonly isolation: Isolation;
  /**
   * Runs one statement with bound parameters and returns its rows (use RETURNING to learn what a write did).
   * Table names are unqualified: they resolve to the tenant's tables in every isolation model. The first statement of a
   * transaction takes BEGIN and the tenant's context along, in the same round trip.
   *
   * @throws TenantContextMissing once the transaction has ended; with the first statement, what keeps the tenant closed.
   */
  query<R extends object = Row>(text: string, params?: readonly unknown[]): Promise<R[]>;
  /** The same with all that the driver tells of it: rows, their number, fields, the command. */
  execute(statement: SqlStatement): Promise<QueryResult>;
  /**
   * The rows of a query one after the other, over a cursor, however many there are. Other statements may run meanwhile;
   * leaving the loop closes the cursor. A query that writes (`INSERT … RETURNING`) cannot be streamed.
   */
  stream<R extends object = Row>(
    text: string,
    params?: readonly unknown[],
    options?: StreamOptions,
  ): AsyncIterableIterator<R>;
  /**
   * Runs `work` behind a savepoint: when it rejects, what it did is undone, and the transaction can go on. Await one
   * before the next; savepoints are a stack.
   *
   * @throws what `work` throws; TransactionAborted when one of its statements had failed although it resolved.
   */
  savepoint<T>(work: (tx: TenantTransaction) => Promise<T>): Promise<T>;
}
