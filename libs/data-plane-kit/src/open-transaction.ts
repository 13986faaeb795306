import type { Isolation } from '@tenantry/contracts';
import type { Row } from '@tenantry/database';
import type { PoolClient } from 'pg';
import { TenantContextMissing, TransactionAborted } from './errors.js';
import type { TenantTransaction } from './tenant-transaction.js';

/** A tenant's transaction on a connection of the pool, which it loses when it ends. */
export class OpenTransaction implements TenantTransaction {
  private client: PoolClient | undefined;

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
    const { rows } = await client.query(statement);
    if (client.getTransactionStatus() === 'I') {
      // A COMMIT or ROLLBACK in the text: what follows would run without a transaction.
      this.end();
      throw new TransactionAborted(this.tenantId);
    }
    return rows as R[];
  }
}
