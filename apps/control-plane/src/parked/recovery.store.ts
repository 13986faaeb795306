import type { Acknowledgement } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import { Injectable } from '@nestjs/common';
import type { Caller } from '../audit/caller.js';
import type { Tx } from '../database/unit-of-work.js';
import type { Recovery, RecoveryKind } from './recovery.js';

export interface NewRecovery {
  readonly kind: RecoveryKind;
  readonly tenantId: string;
  readonly participant: string;
  readonly group: string;
  readonly tenantSeq: string;
  readonly toSeq?: string;
  readonly parkedId?: string;
  readonly generation: number;
  readonly caller: Caller;
  readonly reason: string | null;
  /** When it is asked for again, unless it is answered before. */
  readonly nextAt: Date;
}

export const RECOVERY_COLUMNS = `id, kind, state, tenant_id AS "tenantId", participant, grp AS "group", tenant_seq::text AS "tenantSeq",
  to_seq::text AS "toSeq", parked_id AS "parkedId", generation::float8 AS generation, attempts, evidence, error, actor, reason, traceparent,
  requested_at AS "requestedAt", finished_at AS "finishedAt"`;

/** Redrives, skips and replays. Whoever changes one holds its tenant's row lock. */
@Injectable()
export class RecoveryStore {
  async addTx(tx: Tx, recovery: NewRecovery): Promise<Recovery> {
    const { kind, tenantId, participant, group, tenantSeq, toSeq, parkedId, generation, caller, reason } =
      recovery;
    const id = newId();
    const rows = await tx.sql.query<Recovery>(
      `INSERT INTO tenantry.recovery (id, kind, tenant_id, participant, grp, tenant_seq, to_seq, parked_id, generation, actor, reason,
         traceparent, requested_at, next_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING ${RECOVERY_COLUMNS}`,
      [
        id,
        kind,
        tenantId,
        participant,
        group,
        tenantSeq,
        toSeq ?? null,
        parkedId ?? null,
        generation,
        caller.actor,
        reason,
        caller.traceparent ?? null,
        tx.now,
        recovery.nextAt,
      ],
    );
    tx.dryRun?.madeUp(id);
    return rows[0] as Recovery;
  }

  async findTx(tx: Tx, id: string): Promise<Recovery | undefined> {
    const [row] = await tx.sql.query<Recovery>(
      `SELECT ${RECOVERY_COLUMNS} FROM tenantry.recovery WHERE id = $1`,
      [id],
    );
    return row;
  }

  /** What was asked for about one tenant's queue and has not been answered. */
  async pendingTx(
    tx: Tx,
    { participant, group, tenantId }: Pick<Recovery, 'participant' | 'group' | 'tenantId'>,
  ): Promise<Recovery | undefined> {
    const [row] = await tx.sql.query<Recovery>(
      `SELECT ${RECOVERY_COLUMNS} FROM tenantry.recovery
       WHERE participant = $1 AND grp = $2 AND tenant_id = $3 AND state = 'pending'`,
      [participant, group, tenantId],
    );
    return row;
  }

  /** Those that nobody has answered in time, by tenant, the longest due first. */
  dueTx(tx: Pick<Tx, 'sql'>, limit: number): Promise<{ id: string; tenantId: string }[]> {
    return tx.sql.query(
      `SELECT id, tenant_id AS "tenantId" FROM tenantry.recovery
       WHERE state = 'pending' AND next_at <= tenantry.now() ORDER BY next_at LIMIT $1`,
      [limit],
    );
  }

  async isDueTx(tx: Tx, id: string): Promise<boolean> {
    const rows = await tx.sql.query(
      `SELECT FROM tenantry.recovery WHERE id = $1 AND state = 'pending' AND next_at <= tenantry.now()`,
      [id],
    );
    return rows.length > 0;
  }

  /** Counts one more time that it is asked for. */
  async askAgainTx(tx: Tx, { id }: Recovery, nextAt: Date): Promise<Recovery> {
    const rows = await tx.sql.query<Recovery>(
      `UPDATE tenantry.recovery SET attempts = attempts + 1, next_at = $2 WHERE id = $1 RETURNING ${RECOVERY_COLUMNS}`,
      [id, nextAt],
    );
    return rows[0] as Recovery;
  }

  async finishTx(
    tx: Tx,
    { id }: Recovery,
    state: 'succeeded' | 'failed',
    { error, evidence }: Pick<Acknowledgement, 'error' | 'evidence'>,
  ): Promise<void> {
    await tx.sql.query(
      `UPDATE tenantry.recovery SET state = $2, error = $3, evidence = $4, next_at = NULL, finished_at = $5
       WHERE id = $1 AND state = 'pending'`,
      [
        id,
        state,
        state === 'failed' ? (error ?? 'no reason was given') : null,
        evidence === undefined ? null : JSON.stringify(evidence),
        tx.now,
      ],
    );
  }

  /** Whoever shows progress has its time again. */
  async extendTx(tx: Tx, { id }: Recovery, nextAt: Date): Promise<void> {
    await tx.sql.query(`UPDATE tenantry.recovery SET next_at = $2 WHERE id = $1 AND state = 'pending'`, [
      id,
      nextAt,
    ]);
  }
}
