import type { Parked, Unparked } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import type { ParkedState } from './recovery.js';

/** What a command needs to know of a parked fact. */
export interface ParkedFact {
  readonly id: string;
  readonly participant: string;
  readonly group: string;
  readonly tenantId: string;
  readonly tenantSeq: string;
  readonly state: ParkedState;
  readonly attempts: number;
  readonly error: string;
}

/** What participants have said of the facts that they hold back. The truth is with them; here it can be looked up. */
@Injectable()
export class ParkedFactStore {
  /** Takes in that a fact is parked, unless something newer was said of it. @returns whether it was news. */
  async parkedTx(tx: Tx, tenantId: string, parked: Parked, announcedAt: Date): Promise<boolean> {
    const rows = await tx.sql.query(
      `INSERT INTO tenantry.parked_fact AS p (participant, grp, tenant_id, tenant_seq, id, event_id, event_type, attempts, error, stack,
         payload, announced_at, reported_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
       ON CONFLICT (participant, grp, tenant_id, tenant_seq) DO UPDATE SET state = 'parked', resolved_at = NULL, event_id = excluded.event_id,
         event_type = excluded.event_type, attempts = excluded.attempts, error = excluded.error, stack = excluded.stack,
         payload = excluded.payload, announced_at = excluded.announced_at, copy_at = now()
       WHERE p.announced_at < excluded.announced_at
       RETURNING id`,
      [
        parked.participant,
        parked.group,
        tenantId,
        parked.tenantSeq,
        newId(),
        parked.eventId,
        parked.eventType,
        parked.attempts,
        parked.error,
        parked.stack ?? null,
        parked.payload === undefined ? null : JSON.stringify(parked.payload),
        announcedAt,
        tx.now,
      ],
    );
    return rows.length > 0;
  }

  /**
   * Takes in that it is out of the way, unless something newer was said of it. One that was never heard of is noted too, lest an
   * announcement that was overtaken brings it up.
   */
  async unparkedTx(tx: Tx, tenantId: string, unparked: Unparked, announcedAt: Date): Promise<void> {
    const { participant, group, tenantSeq, eventId, eventType, how } = unparked;
    await tx.sql.query(
      `INSERT INTO tenantry.parked_fact AS p (participant, grp, tenant_id, tenant_seq, id, event_id, event_type, attempts, error, state,
         announced_at, reported_at, resolved_at, copy_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 'not known', $8, $9, $10, $10, NULL)
       ON CONFLICT (participant, grp, tenant_id, tenant_seq) DO UPDATE
         SET state = excluded.state, resolved_at = excluded.resolved_at, announced_at = excluded.announced_at
         WHERE p.announced_at < excluded.announced_at`,
      [participant, group, tenantId, tenantSeq, newId(), eventId, eventType, how, announcedAt, tx.now],
    );
  }

  /** Notes that it is out of the way, if it is not yet. */
  async resolvedTx(tx: Tx, id: string, how: Unparked['how']): Promise<void> {
    await tx.sql.query(
      `UPDATE tenantry.parked_fact SET state = $2, resolved_at = $3 WHERE id = $1 AND state = 'parked'`,
      [id, how, tx.now],
    );
  }

  async findTx(tx: Tx, id: string): Promise<ParkedFact | undefined> {
    const [row] = await tx.sql.query<ParkedFact>(
      `SELECT id, participant, grp AS "group", tenant_id AS "tenantId", tenant_seq::text AS "tenantSeq", state, attempts, error
       FROM tenantry.parked_fact WHERE id = $1`,
      [id],
    );
    return row;
  }
}
