import type { TransactionStatus } from 'pg';

/** A statement that ran, as far as it tells whether its transaction is still there. */
export interface RanStatement {
  readonly text: string;
  /** What the server called it, e.g. `INSERT 0 1`. */
  readonly tag: string;
}

/**
 * Whether a statement has ended its transaction, given the connection's status behind it. `AND CHAIN` puts another
 * transaction in its place, without context and lock, and answers like ROLLBACK TO a savepoint; only the text tells them
 * apart. A savepoint that is named `chain` is taken for an end.
 */
export function endsTransaction({ text, tag }: RanStatement, status: TransactionStatus): boolean {
  if (status === 'I' || tag === 'COMMIT' || tag === 'PREPARE TRANSACTION') return true;
  return tag === 'ROLLBACK' && /\bchain\b/i.test(text);
}
