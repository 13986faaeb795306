import { escapeIdentifier, type PoolClient } from 'pg';
import type { ConnectionSource, Destination } from './connection-source.js';
import { enterStatement } from './enter-statement.js';
import { TransactionAborted } from './errors.js';
import { asFenceRefusal, FenceRefusal } from './fence-refusal.js';
import type { Loan } from './loan.js';
import { OpenTransaction } from './open-transaction.js';
import { schemaOf } from './schema-of.js';
import type { ContextSigner } from './signing/context-signer.js';

/** Into which tenant, and how. */
export interface Entry extends Destination {
  readonly readOnly: boolean;
}

/** Takes connections of the source through BEGIN, the fence and COMMIT, one awaited statement after the other. */
export class TenantSession {
  constructor(
    private readonly connections: ConnectionSource,
    private readonly store: string,
    private readonly signer?: ContextSigner,
  ) {}

  /** @throws FenceRefusal when the fence lets nobody in; `work` did not run then. */
  async run<T>(entry: Entry, work: (tx: OpenTransaction) => Promise<T>): Promise<T> {
    const { tenantId } = entry;
    const { isolation } = entry.route;
    const loan = await this.connections.borrow(entry);
    const { client } = loan;
    const transaction = new OpenTransaction(client, tenantId, isolation);
    try {
      await this.begin(loan, entry).catch((error: unknown) => {
        // The fence refuses over the tenant; whatever else goes wrong here may be over the connection.
        if (!isAboutTheTenant(error)) loan.condemn();
        throw error;
      });
      const result = await work(transaction);
      if (transaction.wasCutShort) throw new TransactionAborted(tenantId);
      transaction.end();
      await commit(client, tenantId);
      return result;
    } catch (error) {
      transaction.end();
      await rollback(client);
      throw error;
    } finally {
      // Not awaited: it changes nothing about the result, and nobody borrows the connection before it is done.
      void loan.end();
    }
  }

  private async begin({ client, backendPid }: Loan, { tenantId, route, readOnly }: Entry): Promise<void> {
    await client.query('BEGIN');
    try {
      const terms = { tenantId, generation: route.generation, readOnly };
      await client.query(enterStatement(terms, this.signer && { signer: this.signer, backendPid }));
    } catch (error) {
      throw asFenceRefusal(tenantId, error);
    }
    // These two cannot be set by a function that has settings of its own, so they are statements after it.
    const schema = schemaOf(route.isolation, tenantId, this.store);
    if (route.isolation === 'schema') await client.query(`SET LOCAL ROLE ${escapeIdentifier(schema)}`);
    await client.query(`SET LOCAL search_path TO ${escapeIdentifier(schema)}, pg_temp`);
  }
}

/** Whether the fence itself refused, and not since the connection still had another tenant's context. */
function isAboutTheTenant(error: unknown): boolean {
  return error instanceof FenceRefusal && error.reason !== 'other-tenant';
}

/** Postgres answers COMMIT of a failed transaction with ROLLBACK and no error. */
async function commit(client: PoolClient, tenantId: string): Promise<void> {
  const { command } = await client.query('COMMIT');
  if (command !== 'COMMIT') throw new TransactionAborted(tenantId);
}

async function rollback(client: PoolClient): Promise<void> {
  if (client.getTransactionStatus() === 'I') return;
  // Fails only with the connection, which is then closed.
  await client.query('ROLLBACK').catch(() => undefined);
}
