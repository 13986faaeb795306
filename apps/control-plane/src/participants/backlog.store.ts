import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import { WakeStore } from '../reconciling/wake.store.js';
import { SILENT_AFTER_MS } from './hear.js';
import { backlogInHand } from './participant-walks.js';

interface Walk {
  readonly cursor: string | null;
  readonly until: string | null;
  readonly counted: boolean;
  readonly alive: boolean;
  readonly ack_timeout_ms: number;
}

/**
 * The time of the statement, moved as `tenantry.now()` is: the transaction may have begun before the one, of another worker, that woke a
 * tenant, and would take its wake-up for one that lies in the future.
 */
const PRESENT = `(clock_timestamp() + (tenantry.now() - now()))`;

/**
 * The walk over a participant's backlog: every tenant that was there before the participant, or before it could do what it can, is woken,
 * so that the reconciler looks at it with the participant in sight. Which tenants are in hand, and how far the walk is, stand in the same
 * transaction as the wake-ups, so a process can die at any point and any other goes on. The participant's row, held for that short
 * transaction, is the claim: of several workers one walks, the others pass by.
 */
@Injectable()
export class BacklogStore {
  constructor(private readonly wakes: WakeStore) {}

  /** The participants whose walk has not ended. */
  async unfinishedTx({ sql }: Pick<Tx, 'sql'>): Promise<string[]> {
    const rows = await sql.query<{ name: string }>(
      `SELECT name FROM tenantry.participant
       WHERE backfill_started_at IS NOT NULL AND backfill_ended_at IS NULL ORDER BY name`,
    );
    return rows.map(({ name }) => name);
  }

  /**
   * Takes a step of a participant's walk: lets go of tenants that are answered for and wakes as many others, so that at most `limit` are
   * in hand. @returns whether anything moved; false too when another worker is at it.
   */
  async stepTx(tx: Tx, name: string, limit: number): Promise<boolean> {
    const { sql } = tx;
    const [walk] = await sql.query<Walk>(
      `SELECT backfill_cursor AS cursor, backfill_until AS until, backfill_total IS NOT NULL AS counted, ack_timeout_ms,
         coalesce(last_heartbeat_at > tenantry.now() - $2 * interval '1 millisecond', false) AS alive
       FROM tenantry.participant
       WHERE name = $1 AND backfill_started_at IS NOT NULL AND backfill_ended_at IS NULL FOR NO KEY UPDATE SKIP LOCKED`,
      [name, SILENT_AFTER_MS],
    );
    if (!walk) return false;
    const until = walk.counted ? walk.until : await this.countTx(tx, name);
    const released = await this.releaseTx(tx, name, walk);
    const free = Math.max(0, limit - (await this.inHandTx(tx, name)));
    const left = until !== null && walk.cursor !== until;
    const next = left && free > 0 ? await this.takeTx(tx, name, walk.cursor, until, free) : [];
    // Fewer than there was room for: the end is reached.
    const cursor = left && next.length < free ? until : (next.at(-1) ?? walk.cursor);
    const ended = cursor === until && (await this.inHandTx(tx, name)) === 0;
    const moved = !walk.counted || released > 0 || next.length > 0 || cursor !== walk.cursor || ended;
    if (moved) {
      await sql.query(
        `UPDATE tenantry.participant SET backfill_cursor = $2, backfill_passed = backfill_passed + $3,
           backfill_ended_at = CASE WHEN $4 THEN tenantry.now() END WHERE name = $1`,
        [name, cursor, next.length, ended],
      );
    }
    return moved;
  }

  /** Notes the last tenant and how many there are. Whoever is committed later meets the participant without a walk. */
  private async countTx({ sql }: Tx, name: string): Promise<string | null> {
    const [row] = await sql.query<{ until: string | null }>(
      `UPDATE tenantry.participant SET backfill_until = last.id,
         backfill_total = (SELECT count(*) FROM tenantry.tenant WHERE desired <> 'purged')
       FROM (SELECT (SELECT id FROM tenantry.tenant ORDER BY id DESC LIMIT 1) AS id) AS last
       WHERE name = $1 RETURNING backfill_until AS until`,
      [name],
    );
    return row?.until ?? null;
  }

  /**
   * Lets go of tenants that the reconciler has looked at and whose answer, if one was asked for, has come; a failure is an answer.
   * What a living participant does not answer in time is let go too, so that a few such tenants don't hold up the rest; the
   * reconciler goes on asking for them.
   */
  private async releaseTx({ sql }: Tx, name: string, walk: Walk): Promise<number> {
    const released = await sql.query(
      `DELETE FROM tenantry.backlog_tenant b USING tenantry.tenant t
       WHERE b.participant = $1 AND t.id = b.tenant_id
         AND NOT EXISTS (
           SELECT FROM tenantry.wake w
           WHERE w.tenant_id = t.id AND (w.due_at <= ${PRESENT} OR w.lease_until > ${PRESENT}))
         AND NOT EXISTS (
           SELECT FROM tenantry.operation o JOIN tenantry.task k ON k.operation_id = o.id AND k.participant = $1
           WHERE o.tenant_id = t.id AND o.generation = t.generation AND k.state IN ('pending', 'in_progress')
             AND NOT ($2 AND k.addressed_at + $3 * interval '1 millisecond' < tenantry.now()))
       RETURNING b.tenant_id`,
      [name, walk.alive, walk.ack_timeout_ms],
    );
    return released.length;
  }

  private async inHandTx({ sql }: Tx, name: string): Promise<number> {
    return (await backlogInHand(sql, [name])).get(name) ?? 0;
  }

  /** Takes up and wakes the next tenants; purged ones, and those being purged, meet nobody new. */
  private async takeTx(
    tx: Tx,
    name: string,
    cursor: string | null,
    until: string,
    limit: number,
  ): Promise<string[]> {
    const rows = await tx.sql.query<{ id: string }>(
      `SELECT id FROM tenantry.tenant WHERE ($1::uuid IS NULL OR id > $1) AND id <= $2 AND desired <> 'purged'
       ORDER BY id LIMIT $3`,
      [cursor, until, limit],
    );
    const ids = rows.map(({ id }) => id);
    if (ids.length === 0) return ids;
    await tx.sql.query(
      `INSERT INTO tenantry.backlog_tenant (participant, tenant_id) SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING`,
      [name, ids],
    );
    await this.wakes.wakeAllTx(tx, ids);
    return ids;
  }
}
