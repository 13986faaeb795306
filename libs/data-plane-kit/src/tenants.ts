import type { Row } from '@tenantry/database';
import type { TenantTransaction } from './tenant-transaction.js';

/** How one `run` differs from the usual. */
export interface RunOptions {
  /** A read-only transaction, which a tenant whose access is `read_only` admits too. Default: false. */
  readonly readOnly?: boolean;
}

/** One statement with bound parameters. */
export interface TenantStatement {
  readonly text: string;
  readonly values?: readonly unknown[];
}

/** The only way to a tenant's data. */
export class Tenants {
  async run<T>(_tenantId: string, _work: (tx: TenantTransaction) => Promise<T>, _options: RunOptions = {}): Promise<T> {
    throw new Error('not there yet');
  }

  async query<R extends object = Row>(tenantId: string, statement: TenantStatement): Promise<R[]> {
    return this.run(tenantId, (tx) => tx.query<R>(statement.text, statement.values));
  }

  current(): TenantTransaction {
    throw new Error('not there yet');
  }
}
