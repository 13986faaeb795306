import { checkOutgoing, type AcknowledgementType, type Envelope, type Payload } from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { excessOf } from '../message-bounds.js';
import type { AcknowledgementEnvelope } from '../transport.js';

/** The answer breaks its schema, or is too large or too deep: sending it could never succeed, so it is refused before it is stored. */
export class UnsendableAcknowledgement extends Error {
  readonly retryable = false;

  constructor(reason: string) {
    super(`The acknowledgement cannot be sent: ${reason}`);
    this.name = 'UnsendableAcknowledgement';
  }
}

/** An acknowledgement in its envelope. @throws UnsendableAcknowledgement */
export function acknowledgementEnvelope<T extends AcknowledgementType>(
  type: T,
  participant: string,
  subject: string,
  data: Payload<T>,
  context: { readonly generation?: number; readonly traceparent?: string } = {},
): Envelope<T, Payload<T>> {
  const excess = excessOf(data);
  if (excess !== undefined) throw new UnsendableAcknowledgement(excess);
  const check = checkOutgoing(type, data);
  if (!check.ok) throw new UnsendableAcknowledgement(check.reason);
  return {
    id: newId(),
    source: `/tenantry/participants/${participant}`,
    type,
    time: new Date().toISOString(),
    subject,
    ...(context.generation === undefined ? {} : { generation: String(context.generation) }),
    ...(context.traceparent === undefined ? {} : { traceparent: context.traceparent }),
    data,
  };
}

/** Puts it into the outbox of the caller's transaction. */
export async function enqueueAcknowledgementTx(
  sql: SqlExecutor,
  envelope: AcknowledgementEnvelope,
): Promise<void> {
  await sql.query('INSERT INTO tenantry.acknowledgement_outbox (envelope) VALUES ($1)', [
    JSON.stringify(envelope),
  ]);
}

export interface ClaimedAcknowledgement {
  readonly enqueueNo: string;
  readonly envelope: AcknowledgementEnvelope;
  /** How often it has been claimed, this time included. */
  readonly attempts: number;
}

/**
 * Takes due acknowledgements, oldest first; other senders leave them alone for `holdMs`. No transaction stays open
 * while they are sent: a sender that dies has merely delayed them, one that is slow sends them twice, which does no harm.
 */
export async function claimAcknowledgements(
  sql: SqlExecutor,
  limit: number,
  holdMs: number,
): Promise<ClaimedAcknowledgement[]> {
  const rows = await sql.query<{ enqueue_no: string; envelope: AcknowledgementEnvelope; attempts: number }>(
    `WITH due AS MATERIALIZED (
       SELECT enqueue_no FROM tenantry.acknowledgement_outbox
       WHERE due_at <= now() ORDER BY due_at, enqueue_no LIMIT $1 FOR UPDATE SKIP LOCKED
     ), held AS (
       UPDATE tenantry.acknowledgement_outbox o SET due_at = now() + $2 * interval '1 ms', attempts = o.attempts + 1
       FROM due WHERE o.enqueue_no = due.enqueue_no
       RETURNING o.enqueue_no, o.envelope, o.attempts
     )
     SELECT * FROM held ORDER BY enqueue_no`,
    [limit, holdMs],
  );
  return rows.map((row) => ({ enqueueNo: row.enqueue_no, envelope: row.envelope, attempts: row.attempts }));
}

export async function deleteAcknowledgements(sql: SqlExecutor, enqueueNos: readonly string[]): Promise<void> {
  await sql.query('DELETE FROM tenantry.acknowledgement_outbox WHERE enqueue_no = ANY ($1::bigint[])', [
    enqueueNos,
  ]);
}

export async function postponeAcknowledgements(
  sql: SqlExecutor,
  enqueueNos: readonly string[],
  ms: number,
): Promise<void> {
  await sql.query(
    `UPDATE tenantry.acknowledgement_outbox SET due_at = now() + $2 * interval '1 ms' WHERE enqueue_no = ANY ($1::bigint[])`,
    [enqueueNos, ms],
  );
}
