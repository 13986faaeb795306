/** What is under way in one transaction, and what went wrong in it. */
export class TransactionWatch {
  private readonly running = new Set<Promise<unknown>>();
  private latest: unknown;
  private unsent: unknown;

  /** The last error of a statement; the work may have looked past it. */
  get lastError(): unknown {
    return this.latest;
  }

  /**
   * Why a statement never reached the server, which therefore would commit without it: FENCE, "two writes, second fails
   * client-side". Undefined when every statement was sent.
   */
  get failure(): unknown {
    return this.unsent;
  }

  /** Counts a statement as under way until it settles. */
  follow<T>(statement: Promise<T>): Promise<T> {
    this.running.add(statement);
    const ended = (): boolean => this.running.delete(statement);
    statement.then(ended, (error: unknown) => {
      this.latest = error;
      ended();
    });
    return statement;
  }

  /** Notes a statement that could not be sent. */
  noteUnsent(error: unknown): void {
    this.unsent = error;
  }

  /** The transaction went back to a savepoint: what failed behind it is undone like everything else there. */
  forget(): void {
    this.unsent = undefined;
  }

  /** Resolves when no statement is under way any more. */
  async untilQuiet(): Promise<void> {
    while (this.running.size > 0) await Promise.allSettled(this.running);
  }
}
