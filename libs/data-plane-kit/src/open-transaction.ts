import type { Isolation } from '@tenantry/contracts';
import type { Row } from '@tenantry/database';
import type { PoolClient } from 'pg';
import { TenantContextMissing, TransactionAborted } from './errors.js';
import type { TenantTransaction } from './tenant-transaction.js';

/** A tenant's transaction on a connection of the pool, which it loses when it ends. */
export class OpenTransaction implements TenantTransaction {
  private client: PoolClient | undefined;
  private endedByStatement = false;

  constructor(
    client: PoolClient,
    readonly tenantId: string,
    readonly isolation: Isolation,
  ) {
    this.client = client;
  }

  get isOpen(): boolean {
    return this.client !== undefined;
  }

  /** Whether the text of a statement has ended it, so that whoever opened it has nothing left to commit. */
  get wasCutShort(): boolean {
    return this.endedByStatement;
  }

  /** Lets go of the connection: whoever still holds this object cannot reach the connection's next borrower. */
  end(): void {
    this.client = undefined;
  }

  async query<R extends object = Row>(text: string, params: readonly unknown[] = []): Promise<R[]> {
    const { client } = this;
    if (!client)
      throw new TenantContextMissing(
        'The transaction of this tenant context has ended; await everything inside tenants.run.',
      );
    // The extended protocol takes one statement only, so that none can be stacked behind another.
    const statement = { text, values: [...params], queryMode: 'extended' };
    const { rows, command } = await client.query(statement);
    if (await this.isOver(client, command)) {
      this.endedByStatement = true;
      this.end();
      throw new TransactionAborted(this.tenantId);
    }
    return rows as R[];
  }

  /** Whether the statement ended the transaction; `AND CHAIN` puts another in its place, without context and lock. */
  private async isOver(client: PoolClient, command: string): Promise<boolean> {
    if (client.getTransactionStatus() === 'I' || command === 'COMMIT') return true;
    // ROLLBACK TO a savepoint answers alike, but no savepoint is older than the context.
    if (command !== 'ROLLBACK') return false;
    const { rows } = await client.query<{ tenant: string | null }>(
      `SELECT pg_catalog.current_setting('tenantry.tenant', true) AS tenant`,
    );
    return rows[0]?.tenant !== this.tenantId;
  }
}
