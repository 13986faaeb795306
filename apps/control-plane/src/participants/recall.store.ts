import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import { WakeStore } from '../reconciling/wake.store.js';

const CHUNK = 200;
const WAKES_PER_SECOND = 200;

interface OpenTask {
  readonly operation_id: string;
  readonly tenant_id: string;
  readonly waits: boolean;
}

interface Recall {
  readonly cursor: string | null;
  /** Whether also those are woken that it failed for good. */
  readonly failed: boolean;
}

/**
 * Wakes every tenant that waits for a participant: it is heard from again, or is not waited for as before. Chunk by chunk, at a
 * bounded rate; how far it is stands in the participant's row, and is moved in the transaction that wakes.
 */
@Injectable()
export class RecallStore {
  constructor(private readonly wakes: WakeStore) {}

  /** The participants with something due. */
  async dueTx({ sql }: Pick<Tx, 'sql'>): Promise<string[]> {
    const rows = await sql.query<{ name: string }>(
      'SELECT name FROM tenantry.participant WHERE recall_due_at <= tenantry.now() ORDER BY name',
    );
    return rows.map(({ name }) => name);
  }

  /** Wakes the next chunk. @returns whether there was anything to do; false too when another worker is at it. */
  async stepTx(tx: Tx, name: string): Promise<boolean> {
    const { sql } = tx;
    const [recall] = await sql.query<Recall>(
      `SELECT recall_cursor AS cursor, recall_failed AS failed FROM tenantry.participant
       WHERE name = $1 AND recall_due_at <= tenantry.now() FOR NO KEY UPDATE SKIP LOCKED`,
      [name],
    );
    if (!recall) return false;
    const open = await this.openTasksTx(tx, name, recall);
    const waiting = open.filter(({ waits }) => waits).map(({ tenant_id: id }) => id);
    const spreadMs = (waiting.length / WAKES_PER_SECOND) * 1000;
    if (waiting.length > 0) await this.wakes.wakeAllTx(tx, waiting, spreadMs);
    await sql.query(
      `UPDATE tenantry.participant SET recall_cursor = $2,
         recall_due_at = CASE WHEN $3 THEN tenantry.now() + $4 * interval '1 millisecond' END WHERE name = $1`,
      [name, open.at(-1)?.operation_id ?? recall.cursor, open.length === CHUNK, spreadMs],
    );
    return true;
  }

  /** By the index of open tasks alone; what was superseded stays in it, and is passed by. */
  private openTasksTx({ sql }: Tx, name: string, { cursor, failed }: Recall): Promise<OpenTask[]> {
    return sql.query<OpenTask>(
      `SELECT k.operation_id, o.tenant_id,
         o.generation = t.generation AND ($4 OR k.retryable IS DISTINCT FROM false) AS waits
       FROM (
         SELECT operation_id, retryable FROM tenantry.task
         WHERE participant = $1 AND state IN ('pending', 'in_progress', 'failed') AND ($2::uuid IS NULL OR operation_id > $2)
         ORDER BY operation_id LIMIT $3
       ) k
       JOIN tenantry.operation o ON o.id = k.operation_id
       JOIN tenantry.tenant t ON t.id = o.tenant_id
       ORDER BY k.operation_id`,
      [name, cursor, CHUNK, failed],
    );
  }
}
