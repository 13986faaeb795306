import type { Acknowledgement } from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';
import { isFactType } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import type { LifecycleEnvelope } from '../transport.js';
import { acknowledgementEnvelope, enqueueAcknowledgementTx } from './acknowledgement-outbox.js';
import type { GroupName } from './parked-announcements.js';
import { queueReplayedTx } from './parked-facts.js';
import type { Recovery } from './read-lifecycle-event.js';

export type RecoveryKind = Recovery['kind'] | 'reload';

/** One thing that is to be done about a tenant's queue. */
export interface ClaimedRecovery {
  readonly tenantId: string;
  readonly requestId: string;
  readonly kind: RecoveryKind;
  readonly seq: bigint;
  /** How often it was taken up, this time included. */
  readonly claims: number;
}

/** How long the answer of a recovery is kept, for the day it is asked for again. */
const KEPT = `interval '7 days'`;

export interface RecoveryToStore {
  readonly tenantId: string;
  /** Of the request itself. */
  readonly seq: bigint;
  readonly recovery: Recovery;
  readonly event: LifecycleEnvelope;
  readonly traceparent?: string | undefined;
}

/**
 * Stores what was asked for, once however often it is asked, and puts the facts of a replay into the queue; to be called while
 * the position is locked. One that has ended already is answered again for the new attempt.
 *
 * @returns whether an answer was put into the acknowledgement outbox.
 */
export async function storeRecoveryTx(
  sql: SqlExecutor,
  name: GroupName,
  { tenantId, seq, recovery, event, traceparent }: RecoveryToStore,
): Promise<boolean> {
  const { kind, request } = recovery;
  const { operationId: requestId, generation, attempt } = request;
  const key = [name.group, tenantId, requestId];
  await sql.query(
    `DELETE FROM tenantry.recovery WHERE grp = $1 AND tenant_id = $2 AND request_id <> $3 AND finished_at < now() - ${KEPT}`,
    key,
  );
  await sql.query(
    `INSERT INTO tenantry.recovery AS r (grp, tenant_id, request_id, kind, tenant_seq, generation, attempt, traceparent, parts)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (grp, tenant_id, request_id) DO UPDATE SET attempt = greatest(r.attempt, excluded.attempt)`,
    [
      ...key,
      kind,
      kind === 'replay' ? request.fromSeq : request.tenantSeq,
      generation,
      attempt,
      traceparent ?? null,
      kind === 'replay' ? request.parts : 1,
    ],
  );
  const [stored] = await sql.query<{ outcome: Outcome | null; error: string | null; parts_seen: number[] }>(
    `SELECT outcome, error, parts_seen FROM tenantry.recovery WHERE grp = $1 AND tenant_id = $2 AND request_id = $3`,
    key,
  );
  if (stored?.outcome) {
    await answerTx(sql, name, tenantId, requestId);
    return true;
  }
  const part = kind === 'replay' ? request.part : 1;
  if (stored?.parts_seen.includes(part)) return false;
  if (kind === 'replay') await queueReplayedTx(sql, name.group, tenantId, factsOf(request.facts, seq, event));
  await sql.query(
    `UPDATE tenantry.recovery SET parts_seen = parts_seen || $4::integer, due_at = now()
     WHERE grp = $1 AND tenant_id = $2 AND request_id = $3`,
    [...key, part],
  );
  return false;
}

/** Has the tenant loaded from its state record, since events were missed before `seq`. To be called while the position is locked. */
export async function storeReloadTx(
  sql: SqlExecutor,
  group: string,
  tenantId: string,
  seq: bigint,
): Promise<void> {
  await sql.query(
    `INSERT INTO tenantry.recovery (grp, tenant_id, request_id, kind, tenant_seq, generation, attempt, parts_seen)
     VALUES ($1, $2, $3, 'reload', $4, 1, 1, '{1}')`,
    [group, tenantId, newId(), seq.toString()],
  );
}

/** Takes what is due, the longest due first; others leave it alone for `holdMs`. */
export async function claimRecoveries(
  sql: SqlExecutor,
  group: string,
  limit: number,
  holdMs: number,
): Promise<ClaimedRecovery[]> {
  const rows = await sql.query<{
    tenant_id: string;
    request_id: string;
    kind: RecoveryKind;
    tenant_seq: string;
    attempts: number;
  }>(
    `WITH due AS MATERIALIZED (
       SELECT tenant_id, request_id FROM tenantry.recovery
       WHERE grp = $1 AND outcome IS NULL AND due_at <= now() AND cardinality(parts_seen) = parts
       ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
     )
     UPDATE tenantry.recovery r SET due_at = now() + $3 * interval '1 ms', attempts = r.attempts + 1
     FROM due WHERE r.grp = $1 AND r.tenant_id = due.tenant_id AND r.request_id = due.request_id
     RETURNING r.tenant_id, r.request_id, r.kind, r.tenant_seq, r.attempts`,
    [group, limit, holdMs],
  );
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    requestId: row.request_id,
    kind: row.kind,
    seq: BigInt(row.tenant_seq),
    claims: row.attempts,
  }));
}

/** Hands it back, due after `delayMs`. */
export async function postponeRecovery(
  sql: SqlExecutor,
  group: string,
  { tenantId, requestId }: ClaimedRecovery,
  delayMs: number,
): Promise<void> {
  await sql.query(
    `UPDATE tenantry.recovery SET due_at = now() + $4 * interval '1 ms'
     WHERE grp = $1 AND tenant_id = $2 AND request_id = $3 AND outcome IS NULL`,
    [group, tenantId, requestId, delayMs],
  );
}

/** Notes that its first step is done. @returns whether it was the first; false also when it has ended. */
export async function beginRecoveryTx(
  sql: SqlExecutor,
  group: string,
  { tenantId, requestId }: ClaimedRecovery,
): Promise<boolean> {
  const rows = await sql.query(
    `UPDATE tenantry.recovery SET begun = true
     WHERE grp = $1 AND tenant_id = $2 AND request_id = $3 AND NOT begun AND outcome IS NULL RETURNING request_id`,
    [group, tenantId, requestId],
  );
  return rows.length > 0;
}

/** Counts a fact that it has applied. */
export async function countAppliedTx(
  sql: SqlExecutor,
  group: string,
  { tenantId, requestId }: ClaimedRecovery,
): Promise<void> {
  await sql.query(
    'UPDATE tenantry.recovery SET applied = applied + 1 WHERE grp = $1 AND tenant_id = $2 AND request_id = $3',
    [group, tenantId, requestId],
  );
}

type Outcome = 'succeeded' | 'failed';

/** Ends it and answers whoever asked; does nothing when it has ended already. */
export async function finishRecoveryTx(
  sql: SqlExecutor,
  name: GroupName,
  { tenantId, requestId, kind }: ClaimedRecovery,
  outcome: Outcome,
  error: string | null = null,
): Promise<void> {
  const rows = await sql.query(
    `UPDATE tenantry.recovery SET outcome = $4, error = $5, finished_at = now()
     WHERE grp = $1 AND tenant_id = $2 AND request_id = $3 AND outcome IS NULL RETURNING request_id`,
    [name.group, tenantId, requestId, outcome, error],
  );
  if (rows.length > 0 && kind !== 'reload') await answerTx(sql, name, tenantId, requestId);
}

async function answerTx(
  sql: SqlExecutor,
  { participant, group }: GroupName,
  tenantId: string,
  requestId: string,
): Promise<void> {
  const [row] = await sql.query<{
    generation: string;
    attempt: string;
    applied: number;
    outcome: Outcome;
    error: string | null;
    traceparent: string | null;
  }>(
    `SELECT generation, attempt, applied, outcome, error, traceparent FROM tenantry.recovery
     WHERE grp = $1 AND tenant_id = $2 AND request_id = $3`,
    [group, tenantId, requestId],
  );
  if (!row) return;
  const answer: Acknowledgement = {
    operationId: requestId,
    generation: Number(row.generation),
    attempt: Number(row.attempt),
    participant,
    outcome: row.outcome,
    evidence: { applied: row.applied },
    ...(row.error === null ? {} : { error: row.error, retryable: false }),
  };
  const context = {
    generation: answer.generation,
    ...(row.traceparent === null ? {} : { traceparent: row.traceparent }),
  };
  await enqueueAcknowledgementTx(
    sql,
    acknowledgementEnvelope('participant.acknowledged.v1', participant, tenantId, answer, context),
  );
}

/** Facts alone, and only such as lie before the request: what comes after it is delivered anyway. */
function factsOf(
  facts: Extract<Recovery, { kind: 'replay' }>['request']['facts'],
  before: bigint,
  { source, subject }: LifecycleEnvelope,
): { seq: bigint; event: LifecycleEnvelope }[] {
  return facts
    .map((fact) => ({ seq: BigInt(fact.tenantSeq), event: { source, subject, ...fact } }))
    .filter(({ seq, event }) => seq > 0n && seq < before && isFactType(event.type));
}
