import { STATE_RECORD_TYPE, type Envelope, type StateRecord } from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';
import { CONTROL_PLANE_SOURCE } from './outbox.js';
import type { OutboundMessage } from './transport.js';

/** A shard that this process may send, as long as the lease is its. */
export interface ClaimedShard {
  readonly shard: number;
  readonly lease: string;
  /** How many sends of it have failed in a row. */
  readonly attempts: number;
}

/** What is to be sent of a shard, in order, and the pointers that are done with when it was. */
export interface PendingBatch {
  readonly messages: readonly OutboundMessage[];
  readonly pointers: readonly string[];
}

/** Takes shards that have something pending, are due and are nobody's. */
export function claimShards(
  sql: SqlExecutor,
  owner: string,
  leaseMs: number,
  limit: number,
): Promise<ClaimedShard[]> {
  return sql.query<ClaimedShard>(
    `WITH due AS MATERIALIZED (
      SELECT s.shard FROM tenantry.relay_shard s
      WHERE s.next_at <= now() AND s.lease_until <= now()
        AND EXISTS (SELECT FROM tenantry.outbox_pending p WHERE p.shard = s.shard)
      ORDER BY s.next_at LIMIT $3 FOR UPDATE SKIP LOCKED
    )
    UPDATE tenantry.relay_shard r SET owner = $1, lease = nextval('tenantry.relay_lease'),
      lease_until = now() + $2 * interval '1 millisecond'
    FROM due WHERE r.shard = due.shard
    RETURNING r.shard, r.lease, r.attempts`,
    [owner, leaseMs, limit],
  );
}

export async function renewShard(
  sql: SqlExecutor,
  { shard, lease }: ClaimedShard,
  leaseMs: number,
): Promise<boolean> {
  const renewed = await sql.query(
    `UPDATE tenantry.relay_shard SET lease_until = now() + $3 * interval '1 millisecond'
    WHERE shard = $1 AND lease = $2 RETURNING shard`,
    [shard, lease, leaseMs],
  );
  return renewed.length > 0;
}

/** Gives the shard back, due at once; `next_at` goes on so that other shards have their turn. */
export async function releaseShard(sql: SqlExecutor, { shard, lease }: ClaimedShard): Promise<void> {
  await sql.query(
    `UPDATE tenantry.relay_shard SET owner = NULL, lease_until = now(), next_at = now(), attempts = 0, last_error = NULL
    WHERE shard = $1 AND lease = $2`,
    [shard, lease],
  );
}

/** Gives the shard back, due after a while. */
export async function backOffShard(
  sql: SqlExecutor,
  { shard, lease }: ClaimedShard,
  delayMs: number,
  error: string,
): Promise<void> {
  await sql.query(
    `UPDATE tenantry.relay_shard SET owner = NULL, lease_until = now(), attempts = attempts + 1,
      next_at = now() + $3 * interval '1 millisecond', last_error = left($4, 500)
    WHERE shard = $1 AND lease = $2`,
    [shard, lease, delayMs, error],
  );
}

interface PointerRow {
  readonly enqueue_no: string;
  readonly tenant_id: string;
  readonly envelope: Envelope | null;
}

interface StateRow {
  readonly event_id: string;
  readonly record: StateRecord;
  readonly traceparent: string | null;
}

/**
 * Reads the head of a shard. Enqueue numbers order a tenant's pointers, since they were drawn under its row lock. State
 * records come first, and those of a tenant in the batch come with it even when their pointers lie further back, so
 * that no event is sent before the record that reflects it. The records are read after the pointers: what
 * changed in between has a pointer of its own.
 */
export async function readBatch(sql: SqlExecutor, shard: number, limit: number): Promise<PendingBatch> {
  const rows = await sql.query<PointerRow>(
    `WITH head AS MATERIALIZED (
      SELECT enqueue_no, tenant_id, event_id FROM tenantry.outbox_pending WHERE shard = $1 ORDER BY enqueue_no LIMIT $2
    ), pointer AS (
      SELECT enqueue_no, tenant_id, event_id FROM head
      UNION
      SELECT p.enqueue_no, p.tenant_id, p.event_id FROM tenantry.outbox_pending p
      WHERE p.topic = 'state' AND p.tenant_id IN (SELECT tenant_id FROM head)
    )
    SELECT p.enqueue_no, p.tenant_id, e.envelope
    FROM pointer p LEFT JOIN tenantry.tenant_event e ON e.event_id = p.event_id ORDER BY p.enqueue_no`,
    [shard, limit],
  );
  const changed = new Set(rows.filter((row) => row.envelope === null).map((row) => row.tenant_id));
  const states = changed.size === 0 ? [] : await readStates(sql, [...changed]);
  const events = rows.flatMap(({ envelope }) =>
    envelope ? [{ channel: 'lifecycle', envelope } as const] : [],
  );
  return { messages: [...states, ...events], pointers: rows.map((row) => row.enqueue_no) };
}

async function readStates(sql: SqlExecutor, tenantIds: readonly string[]): Promise<OutboundMessage[]> {
  const rows = await sql.query<StateRow>(
    'SELECT event_id, record, traceparent FROM tenantry.tenant_state WHERE tenant_id = ANY ($1::uuid[])',
    [tenantIds],
  );
  return rows.map(({ event_id, record, traceparent }) => ({
    channel: 'state',
    envelope: {
      id: event_id,
      source: CONTROL_PLANE_SOURCE,
      type: STATE_RECORD_TYPE,
      time: record.updatedAt,
      subject: record.tenantId,
      tenantSeq: record.tenantSeq,
      generation: String(record.generation),
      ...(traceparent === null ? {} : { traceparent }),
      data: record,
    },
  }));
}

export async function deletePointers(sql: SqlExecutor, pointers: readonly string[]): Promise<void> {
  await sql.query('DELETE FROM tenantry.outbox_pending WHERE enqueue_no = ANY ($1::bigint[])', [pointers]);
}
