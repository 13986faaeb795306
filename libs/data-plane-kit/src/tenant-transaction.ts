import type { Isolation } from '@tenantry/contracts';
import type { Row, SqlExecutor } from '@tenantry/database';

/** One open transaction inside one tenant's context; of no use after `work` has returned. */
export interface TenantTransaction extends SqlExecutor {
  readonly tenantId: string;
  /** Where the tenant's rows are; application code has no need to look. */
  readonly isolation: Isolation;
  /**
   * Runs one statement with bound parameters and returns its rows (use RETURNING to learn what a write did).
   * Table names are unqualified: they resolve to the tenant's tables in every isolation model.
   *
   * @throws TenantContextMissing once the transaction has ended.
   */
  query<R extends object = Row>(text: string, params?: readonly unknown[]): Promise<R[]>;
}
