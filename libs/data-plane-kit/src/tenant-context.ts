import { AsyncLocalStorage } from 'node:async_hooks';
import { TenantContextMissing } from './errors.js';
import type { OpenTransaction } from './open-transaction.js';

const storage = new AsyncLocalStorage<OpenTransaction>();

/** Runs `work` with the transaction as its tenant context, across every await in it. */
export function withTenantContext<T>(transaction: OpenTransaction, work: () => Promise<T>): Promise<T> {
  return storage.run(transaction, work);
}

/** The tenant context of the code that calls, undefined when there is none. */
export function findTenantContext(): OpenTransaction | undefined {
  return storage.getStore();
}

/** @throws TenantContextMissing outside `tenants.run`, and after its transaction ended. */
export function currentTransaction(): OpenTransaction {
  const transaction = storage.getStore();
  if (!transaction?.isOpen) throw new TenantContextMissing();
  return transaction;
}
