import { TransactionAborted } from './errors.js';
import type { TenantTransaction } from './tenant-transaction.js';

interface SavepointHost extends TenantTransaction {
  readonly isOpen: boolean;
}

/** Runs `work` behind a savepoint of this name, which is gone afterwards in any case. */
export async function insideSavepoint<T>(
  tx: SavepointHost,
  name: string,
  work: (tx: TenantTransaction) => Promise<T>,
): Promise<T> {
  await tx.query(`SAVEPOINT ${name}`);
  let result: T;
  try {
    result = await work(tx);
  } catch (error) {
    // After its end there is nothing to go back to, and the error says why.
    if (tx.isOpen) await goBack(tx, name);
    throw error;
  }
  try {
    await tx.query(`RELEASE SAVEPOINT ${name}`);
  } catch (error) {
    if (!tx.isOpen) throw error;
    await goBack(tx, name);
    throw new TransactionAborted(tx.tenantId, { cause: error });
  }
  return result;
}

async function goBack(tx: TenantTransaction, name: string): Promise<void> {
  await tx.query(`ROLLBACK TO SAVEPOINT ${name}`);
  await tx.query(`RELEASE SAVEPOINT ${name}`);
}
