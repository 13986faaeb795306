import type { Isolation } from '@tenantry/contracts';
import type { Row } from '@tenantry/database';
import type { QueryResult } from 'pg';
import { TenantContextMissing, TransactionAborted } from './errors.js';
import type { Loan } from './loan.js';
import { encode, encodeQuiet, type SqlStatement } from './protocol/encoded-statement.js';
import { StatementRun, type RunParts } from './protocol/statement-run.js';
import { rowsOfCursor } from './row-stream.js';
import { insideSavepoint } from './savepoint.js';
import type { StreamOptions, TenantTransaction } from './tenant-transaction.js';
import { endsTransaction, type RanStatement } from './transaction-end.js';
import { TransactionWatch } from './transaction-watch.js';

/** A transaction whose context was opened: its connection, and what became of the statement that went along. */
export interface Opened {
  readonly loan: Loan;
  readonly isolation: Isolation;
  readonly first: { readonly result: QueryResult; readonly tag: string } | { readonly error: unknown };
}

/** Opens the context together with the first statement. @throws what keeps the tenant closed. */
export type Opener = (first: RunParts) => Promise<Opened>;

/** A tenant's transaction, which takes a connection with its first statement and loses it when it ends. */
export class OpenTransaction implements TenantTransaction {
  private opening: Promise<Opened> | undefined;
  private over = false;
  private cutShort = false;
  private readonly watch = new TransactionWatch();
  private names = 0;

  constructor(
    readonly tenantId: string,
    private route: { readonly isolation: Isolation },
    private readonly open: Opener,
  ) {}

  get isolation(): Isolation {
    return this.route.isolation;
  }

  get isOpen(): boolean {
    return !this.over;
  }

  async query<R extends object = Row>(text: string, params: readonly unknown[] = []): Promise<R[]> {
    const { rows } = await this.execute({ text, values: params });
    return rows as R[];
  }

  execute(statement: SqlStatement): Promise<QueryResult> {
    return this.watch.follow(this.send(statement, []));
  }

  stream<R extends object = Row>(
    text: string,
    params: readonly unknown[] = [],
    { batchRows = 500 }: StreamOptions = {},
  ): AsyncIterableIterator<R> {
    const name = this.newName();
    return rowsOfCursor(
      { name, text, values: params, batchRows },
      {
        begin: (declare, fetch) => this.watch.follow(this.send(fetch, [declare])),
        fetch: (statement) => this.execute(statement),
        isOpen: () => this.isOpen,
      },
    );
  }

  savepoint<T>(work: (tx: TenantTransaction) => Promise<T>): Promise<T> {
    return insideSavepoint(this, this.newName(), work);
  }

  /**
   * Saves what was done.
   *
   * @param waits whether to wait for the answer; a transaction that wrote nothing need not.
   * @throws TransactionAborted when nothing could be saved; what COMMIT throws; what kept the tenant closed.
   */
  async commit(waits: boolean): Promise<void> {
    this.over = true;
    await this.watch.untilQuiet();
    if (!this.opening) return;
    const { loan } = await this.opening;
    if (this.cutShort || this.watch.failure !== undefined || loan.client.getTransactionStatus() !== 'T') {
      await undone(loan);
      throw this.aborted();
    }
    const committing = loan.conclude('COMMIT');
    if (!waits) return void committing.catch(() => undefined);
    if ((await committing) !== 'COMMIT') throw this.aborted();
  }

  /** Undoes what was done. Never rejects. */
  async rollback(): Promise<void> {
    this.over = true;
    const opened = await this.opening?.catch(() => undefined);
    if (opened) await undone(opened.loan);
  }

  private async send(asked: SqlStatement, before: readonly SqlStatement[]): Promise<QueryResult> {
    this.assertOpen();
    const parts = this.encoded(asked, before);
    if (!this.opening) return this.sendFirst(asked.text, parts);
    const { loan } = await this.opening;
    // It may have ended while this statement waited for it to open.
    this.assertOpen();
    const run = new StatementRun(parts);
    const result = await loan.send(run);
    this.assertNotEnded(loan, { text: asked.text, tag: run.tags.at(-1) ?? '' });
    return result;
  }

  private async sendFirst(text: string, parts: RunParts): Promise<QueryResult> {
    this.opening = this.open(parts);
    const opened = await this.opening;
    this.route = opened;
    if ('error' in opened.first) throw opened.first.error;
    this.assertNotEnded(opened.loan, { text, tag: opened.first.tag });
    return opened.first.result;
  }

  private encoded(asked: SqlStatement, before: readonly SqlStatement[]): RunParts {
    try {
      return { before: before.map(({ text, values }) => encodeQuiet(text, values)), asked: encode(asked) };
    } catch (error) {
      this.watch.noteUnsent(error);
      throw error;
    }
  }

  private assertOpen(): void {
    if (!this.over) return;
    const error = new TenantContextMissing(
      'The transaction of this tenant context has ended; await everything inside tenants.run.',
    );
    this.watch.noteUnsent(error);
    throw error;
  }

  private assertNotEnded({ client }: Loan, ran: RanStatement): void {
    if (endsTransaction(ran, client.getTransactionStatus())) {
      this.over = true;
      this.cutShort = true;
      throw this.aborted();
    }
    if (ran.tag === 'ROLLBACK') this.watch.forget();
  }

  private aborted(): TransactionAborted {
    return new TransactionAborted(this.tenantId, { cause: this.watch.lastError });
  }

  private newName(): string {
    this.names += 1;
    return `tenantry_${this.names}`;
  }
}

/** Fails only with the connection, which is then closed. */
async function undone(loan: Loan): Promise<void> {
  await loan.conclude('ROLLBACK').catch(() => undefined);
}
