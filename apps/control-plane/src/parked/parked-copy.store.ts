import type { Envelope } from '@tenantry/contracts';
import { CONTROL_PLANE_SOURCE } from '@tenantry/messaging';
import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';

/** A parked fact that is to be copied. */
export interface DueCopy {
  readonly id: string;
  readonly participant: string;
  readonly group: string;
  readonly attempts: number;
  readonly error: string;
  readonly envelope: Envelope;
}

const BATCH = 50;
/** How long others leave a copy alone, in milliseconds. */
const HOLD_MS = 30_000;

/** Which parked facts have no copy yet. */
@Injectable()
export class ParkedCopyStore {
  async claimTx(tx: Pick<Tx, 'sql'>): Promise<DueCopy[]> {
    const rows = await tx.sql.query<{
      id: string;
      participant: string;
      grp: string;
      attempts: number;
      error: string;
      announced_at: Date;
      tenant_id: string;
      tenant_seq: string;
      event_id: string;
      event_type: string;
      payload: unknown;
      published: Envelope | null;
    }>(
      `WITH due AS MATERIALIZED (
         SELECT id FROM tenantry.parked_fact WHERE copy_at <= now() ORDER BY copy_at LIMIT $1 FOR UPDATE SKIP LOCKED
       )
       UPDATE tenantry.parked_fact p SET copy_at = now() + $2 * interval '1 millisecond' FROM due WHERE p.id = due.id
       RETURNING p.id, p.participant, p.grp, p.attempts, p.error, p.announced_at, p.tenant_id, p.tenant_seq, p.event_id, p.event_type,
         p.payload, (SELECT e.envelope FROM tenantry.tenant_event e
           WHERE e.tenant_id = p.tenant_id AND e.tenant_seq = p.tenant_seq AND e.event_id::text = p.event_id) AS published`,
      [BATCH, HOLD_MS],
    );
    return rows.map((row) => ({
      id: row.id,
      participant: row.participant,
      group: row.grp,
      attempts: row.attempts,
      error: row.error,
      envelope: row.published ?? {
        id: row.event_id,
        source: CONTROL_PLANE_SOURCE,
        type: row.event_type,
        time: row.announced_at.toISOString(),
        subject: row.tenant_id,
        tenantSeq: row.tenant_seq,
        data: row.payload,
      },
    }));
  }

  /** The copies are there, unless the participant has said something newer meanwhile. */
  async doneTx(tx: Pick<Tx, 'sql'>, copies: readonly DueCopy[]): Promise<void> {
    await tx.sql.query(
      `UPDATE tenantry.parked_fact p SET copy_at = NULL FROM unnest($1::uuid[], $2::integer[]) AS c(id, attempts)
       WHERE p.id = c.id AND p.attempts = c.attempts`,
      [copies.map(({ id }) => id), copies.map(({ attempts }) => attempts)],
    );
  }
}
