import type { Row, SqlExecutor } from '@tenantry/database';
import { type ClientBase, escapeLiteral, type QueryResult } from 'pg';
import { PROVISIONER_ROLE } from '../install/roles.js';
import { SQLSTATE, sqlStateOf } from '../sql-errors.js';
import { AlreadyPurged, RequestOvertaken, TenantHeld } from './request-errors.js';

/** How long a maintenance step waits for the tenant's lock or for a table, in milliseconds. */
const LOCK_TIMEOUT_MS = 5000;

/** One step of a request, which is one transaction. What it need not know the answer of goes along with the next message, or with COMMIT. */
export interface StepTransaction extends SqlExecutor {
  /**
   * Statements without parameters, whose rows nobody wants. They are sent with the next query, or with COMMIT, which also is
   * where it shows when one of them fails: every message more is a wait more.
   */
  later(...statements: string[]): void;
}

export interface StepOptions {
  /** How long to wait for a lock, in milliseconds. */
  readonly lockTimeoutMs: number;
  /** Whether its commit waits for the disk. Default: true. */
  readonly durable?: boolean | undefined;
}

/**
 * One transaction of the provisioner's role with a bounded wait for locks. One that asks for nothing is one message.
 *
 * @throws what the kit's functions refuse, as a request error: AlreadyPurged, RequestOvertaken, or TenantHeld for a lock
 * that was not had in time.
 */
export async function inTransaction<T>(
  client: ClientBase,
  { lockTimeoutMs, durable = true }: StepOptions,
  work: (tx: StepTransaction) => Promise<T>,
): Promise<T> {
  const tx = new HeldBackTransaction(client);
  tx.later(
    'BEGIN',
    `SET LOCAL ROLE ${PROVISIONER_ROLE}`,
    `SET LOCAL lock_timeout = ${lockTimeoutMs}`,
    ...(durable ? [] : ['SET LOCAL synchronous_commit = off']),
  );
  try {
    const result = await work(tx);
    await tx.commit();
    return result;
  } catch (error) {
    // Fails only when the connection is gone, and with it the transaction.
    if (tx.begun) await client.query('ROLLBACK').catch(() => undefined);
    throw asRequestError(error);
  }
}

class HeldBackTransaction implements StepTransaction {
  /** Whether the server has been sent anything of it. */
  begun = false;
  private held: string[] = [];

  constructor(private readonly client: ClientBase) {}

  later(...statements: string[]): void {
    this.held.push(...statements);
  }

  async query<R extends object = Row>(text: string, params: readonly unknown[] = []): Promise<R[]> {
    if (params.length === 0) return (await this.send<R>([...this.taken(), text])).rows;
    // Parameters need a message that has one statement.
    if (this.held.length > 0) await this.send(this.taken());
    const { rows } = await this.client.query(text, [...params]);
    return rows as R[];
  }

  /** @throws Error when a statement had failed and `work` went on over it: the server then undoes everything, and calls it no error. */
  async commit(): Promise<void> {
    const { command } = await this.send([...this.taken(), 'COMMIT']);
    if (command !== 'COMMIT') throw new Error('A statement of this step had failed before its end.');
  }

  /** In one message, which ends with the first statement that fails. @returns the last one's result. */
  private async send<R extends object>(statements: readonly string[]): Promise<QueryResult<R>> {
    this.begun = true;
    // A statement may end with a comment. What the driver gives for several statements is not in its types.
    const results: QueryResult<R> | QueryResult<R>[] = await this.client.query<R>(statements.join(';\n'));
    return Array.isArray(results) ? (results as QueryResult<R>[]).at(-1)! : results;
  }

  private taken(): string[] {
    return this.held.splice(0);
  }
}

/**
 * One step on a tenant's data while its fence keeps everybody else out. Opening it reads the tombstone and the fence
 * again, so a worker that was overtaken, or paused over a purge, stops here and changes nothing.
 */
export function maintainTx<T>(
  client: ClientBase,
  item: Maintained,
  work: (tx: StepTransaction) => Promise<T>,
): Promise<T> {
  return maintained(client, item, { lockTimeoutMs: LOCK_TIMEOUT_MS }, work);
}

/**
 * As `maintainTx`, for a step that a later one stands behind: its commit does not wait for the disk. Should the server crash, the step
 * can be lost with all that came after it, but never alone, and the retry does it again.
 */
export function intermediateTx<T>(
  client: ClientBase,
  item: Maintained,
  work: (tx: StepTransaction) => Promise<T>,
): Promise<T> {
  return maintained(client, item, { lockTimeoutMs: LOCK_TIMEOUT_MS, durable: false }, work);
}

function maintained<T>(
  client: ClientBase,
  { tenantId, generation }: Maintained,
  options: StepOptions,
  work: (tx: StepTransaction) => Promise<T>,
): Promise<T> {
  return inTransaction(client, options, (tx) => {
    tx.later(`SELECT tenantry.maintain(${escapeLiteral(tenantId)}, ${escapeLiteral(String(generation))})`);
    return work(tx);
  });
}

interface Maintained {
  readonly tenantId: string;
  readonly generation: number;
}

function asRequestError(error: unknown): unknown {
  switch (sqlStateOf(error)) {
    case SQLSTATE.purged:
      return new AlreadyPurged({ cause: error });
    case SQLSTATE.stale:
      return new RequestOvertaken({ cause: error });
    case SQLSTATE.lockNotAvailable:
      return new TenantHeld('A lock was not had in time.', { cause: error });
    default:
      return error;
  }
}
