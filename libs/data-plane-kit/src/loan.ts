import type { PoolClient, QueryResult } from 'pg';
import { CLEAN, ENDING } from './protocol/session-statements.js';
import { sendRun, StatementRun } from './protocol/statement-run.js';

/** A connection that the pool lends for one transaction; the next borrower may be another tenant. */
export class Loan {
  private broken: Error | boolean = false;
  private clean = false;

  private constructor(readonly client: PoolClient) {
    client.on('error', this.onError);
  }

  /** Takes a connection that is outside any transaction; others, left so by a bug, are closed. */
  static async from(pool: { connect(): Promise<PoolClient> }): Promise<Loan> {
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

  /** @throws the first error of the run's statements, or of the connection. */
  send(run: StatementRun): Promise<QueryResult> {
    return sendRun(this.client, run);
  }

  /** Lets nobody borrow this connection again. */
  condemn(): void {
    this.broken ||= true;
  }

  /** Notes that the last run has cleaned the session, so that it need not be done once more. */
  noteClean(): void {
    this.clean = true;
  }

  /**
   * Ends the transaction, gives the connection back, and says what the server did: it answers COMMIT of a failed
   * transaction with `ROLLBACK` and no error.
   *
   * @throws what COMMIT throws: a deferred constraint, a serialization failure, the loss of the connection.
   */
  async conclude(how: 'COMMIT' | 'ROLLBACK'): Promise<string | undefined> {
    const run = new StatementRun({ after: ENDING[how] });
    try {
      await this.send(run);
      this.noteClean();
    } catch (error) {
      if (run.tags.length === 0) throw error;
      this.condemn();
    } finally {
      // Not awaited: it changes nothing about the result, and nobody borrows the connection before it is done.
      void this.end();
    }
    return run.tags[0];
  }

  /** Gives the connection back as if new; what is not provably so is closed. Never rejects. */
  async end(): Promise<void> {
    const { client } = this;
    if (client.getTransactionStatus() !== 'I') this.condemn();
    if (!this.broken && !this.clean)
      await this.send(new StatementRun({ after: CLEAN })).catch(() => this.condemn());
    client.off('error', this.onError);
    client.release(this.broken);
  }

  // Unheard, the loss of a connection between two statements would end the process.
  private readonly onError = (error: Error): void => {
    this.broken = error;
  };
}
