/**
 * How far along a step is: after `expand` and `observe` the old application works as before; `enforce` refuses what has no tenant;
 * `contract` takes away what only the old application needs.
 */
export type Phase = 'expand' | 'observe' | 'enforce' | 'contract';

/** One migration. */
export interface RetrofitStep {
  /** In order, and fit for a file's name, e.g. `012-index-customer-email`. */
  readonly name: string;
  readonly phase: Phase;
  readonly why: string;
  /** Whether it must be one transaction; false: CONCURRENTLY forbids one. */
  readonly transaction: boolean;
  readonly statements: readonly string[];
}

/** How long a statement waits for a lock: who waits behind it waits as long. */
const LOCK_TIMEOUT = "SET LOCAL lock_timeout = '3s'";

/** A step as a script for psql; with a transaction where there has to be one. Run again after a lock was not had in time. */
export function stepSql({ name, phase, why, transaction, statements }: RetrofitStep): string {
  const lines = transaction ? ['BEGIN', LOCK_TIMEOUT, ...statements, 'COMMIT'] : statements;
  const head = `-- ${name} (${phase}): ${why}${transaction ? '' : '\n-- Not in a transaction.'}`;
  return `${head}\n${lines.map((line) => `${line};`).join('\n')}\n`;
}
