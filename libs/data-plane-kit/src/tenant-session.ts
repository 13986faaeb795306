import type { RouteRecord } from '@tenantry/contracts';
import { escapeIdentifier, type Pool, type PoolClient } from 'pg';
import { TenantBusy, TransactionAborted } from './errors.js';
import { asFenceRefusal } from './fence-refusal.js';
import { OpenTransaction } from './open-transaction.js';
import { schemaOf } from './schema-of.js';

/** Into which tenant, and how. */
export interface Entry {
  readonly tenantId: string;
  readonly route: RouteRecord;
  readonly readOnly: boolean;
}

/** Takes connections from the pool through BEGIN, the fence and COMMIT, one awaited statement after the other. */
export class TenantSession {
  constructor(
    private readonly pool: Pool,
    private readonly store: string,
  ) {}

  /** @throws FenceRefusal when the fence lets nobody in; `work` did not run then. */
  async run<T>(entry: Entry, work: (tx: OpenTransaction) => Promise<T>): Promise<T> {
    const client = await this.checkout();
    let broken: Error | undefined;
    const onError = (error: Error): void => {
      broken = error;
    };
    client.on('error', onError);
    const transaction = new OpenTransaction(client, entry.tenantId, entry.route.isolation);
    try {
      await this.begin(client, entry);
      const result = await work(transaction);
      transaction.end();
      await commit(client, entry.tenantId);
      return result;
    } catch (error) {
      transaction.end();
      await rollback(client);
      throw error;
    } finally {
      client.off('error', onError);
      // Whatever is not provably outside a transaction is closed, never handed to the next borrower.
      client.release(broken ?? client.getTransactionStatus() !== 'I');
    }
  }

  /** A connection that is outside any transaction; others, left so by a bug, are closed. */
  private async checkout(): Promise<PoolClient> {
    for (;;) {
      const client = await this.pool.connect();
      if (client.getTransactionStatus() === 'I') return client;
      client.release(true);
    }
  }

  private async begin(client: PoolClient, { tenantId, route, readOnly }: Entry): Promise<void> {
    if (route.isolation === 'database') throw new TenantBusy(tenantId);
    await client.query('BEGIN');
    try {
      // Unnamed and with bound parameters: nothing prepared under a driver's name can take its place.
      await client.query('SELECT tenantry.enter($1, $2, $3)', [
        tenantId,
        route.generation,
        readOnly ? 'r' : 'w',
      ]);
    } catch (error) {
      throw asFenceRefusal(tenantId, error);
    }
    // These two cannot be set by a function that has settings of its own, so they are statements after it.
    const schema = schemaOf(route.isolation, tenantId, this.store);
    if (route.isolation === 'schema') await client.query(`SET LOCAL ROLE ${escapeIdentifier(schema)}`);
    await client.query(`SET LOCAL search_path TO ${escapeIdentifier(schema)}, pg_temp`);
  }
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
