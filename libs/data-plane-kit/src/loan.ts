import type { Pool, PoolClient } from 'pg';

/**
 * What a transaction can leave behind on its session: cursors WITH HOLD, a role, settings (a tenant's context among
 * them), channels, prepared statements. Not DISCARD ALL, which also throws away the plans of the kit's own functions.
 * Temporary tables and session locks are not here, since the serving login has neither.
 */
const CLEAN = 'CLOSE ALL; RESET ROLE; RESET ALL; UNLISTEN *; DEALLOCATE ALL';

/** A connection that the pool lends for one transaction; the next borrower may be another tenant. */
export class Loan {
  private broken: Error | boolean = false;

  private constructor(readonly client: PoolClient) {
    client.on('error', this.onError);
  }

  /** Takes a connection that is outside any transaction; others, left so by a bug, are closed. */
  static async from(pool: Pool): Promise<Loan> {
    for (;;) {
      const client = await pool.connect();
      if (client.getTransactionStatus() === 'I') return new Loan(client);
      client.release(true);
    }
  }

  /** The server's process as the driver was told it; behind a pooler it is the pooler's invention. */
  get backendPid(): number {
    return (this.client as { readonly processID?: number | null }).processID ?? 0;
  }

  /** Lets nobody borrow this connection again. */
  condemn(): void {
    this.broken ||= true;
  }

  /** Gives the connection back as if new; what is not provably so is closed. Never rejects. */
  async end(): Promise<void> {
    const { client } = this;
    if (client.getTransactionStatus() !== 'I') this.condemn();
    if (!this.broken) await client.query(CLEAN).catch(() => this.condemn());
    client.off('error', this.onError);
    client.release(this.broken);
  }

  // Unheard, the loss of a connection between two statements would end the process.
  private readonly onError = (error: Error): void => {
    this.broken = error;
  };
}
