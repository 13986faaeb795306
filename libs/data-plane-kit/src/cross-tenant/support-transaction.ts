import type { Row } from '@tenantry/database';
import type { PoolClient } from 'pg';
import { TransactionAborted } from '../errors.js';
import type { SupportAction } from './support-audit.js';
import { SupportGrantOver } from './support-errors.js';

export interface SupportSteps {
  /** Records a statement before it is sent; nothing is sent when this rejects. */
  record(statement: string): Promise<SupportAction>;
  /** Opens the transaction by the action of its first statement. */
  open(action: SupportAction): Promise<PoolClient>;
}

/** One tenant's data, open for support until `work` has returned. The transaction begins with the first statement. */
export class SupportTransaction {
  private opened: Promise<PoolClient> | undefined;
  private over = false;

  constructor(
    readonly tenantId: string,
    private readonly steps: SupportSteps,
  ) {}

  /** Runs one statement with bound parameters, after it has been recorded. Table names are unqualified. */
  async query<R extends object = Row>(text: string, params: readonly unknown[] = []): Promise<R[]> {
    this.assertOpen();
    const action = await this.steps.record(text);
    this.opened ??= this.steps.open(action);
    const client = await this.opened;
    this.assertOpen();
    // The extended protocol takes one statement only, so that none can be stacked behind the recorded one.
    const statement = { text, values: [...params], queryMode: 'extended' };
    const { rows, command } = await client.query(statement);
    if (client.getTransactionStatus() === 'I' || command === 'COMMIT' || command === 'ROLLBACK') {
      this.over = true;
      throw new TransactionAborted(this.tenantId);
    }
    return rows as R[];
  }

  /** Ends it, for whoever still holds it too. @throws TransactionAborted when nothing was saved. */
  async commit(): Promise<void> {
    if (this.over) throw new TransactionAborted(this.tenantId);
    this.over = true;
    const client = await this.opened;
    if (!client) return;
    const { command } = await client.query('COMMIT');
    if (command !== 'COMMIT') throw new TransactionAborted(this.tenantId);
  }

  /** Ends it, saving nothing. */
  end(): void {
    this.over = true;
  }

  private assertOpen(): void {
    if (this.over) throw new SupportGrantOver('The transaction has ended; await everything inside run.');
  }
}
