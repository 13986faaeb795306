import { STATE_RECORD_TYPE, type Envelope, type StateRecord } from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';
import { CONTROL_PLANE_SOURCE } from './outbox.js';
import type { OutboundMessage } from './transport.js';

/** Where the look for a shard's pointers begins: below this number there is none, and none can come any more. */
export interface ShardToRead {
  readonly shard: number;
  readonly floor: number;
}

/** What is to be sent of a shard, in order, and the pointers that are done with when it was. */
export interface PendingBatch {
  readonly shard: number;
  readonly messages: readonly OutboundMessage[];
  readonly pointers: readonly string[];
  /** The greatest enqueue number among them. */
  readonly lastNo: number;
  /** Why the shard cannot be sent: a pointer's event is not in the history. To pass over it would lose it without a word. */
  readonly fault?: Error;
}

interface EventRow {
  readonly shard: number;
  readonly enqueue_no: string;
  readonly envelope: Envelope | null;
  readonly pointers: null;
}

interface StateRow {
  readonly shard: number;
  readonly enqueue_no: null;
  readonly event_id: string | null;
  readonly record: StateRecord | null;
  readonly traceparent: string | null;
  readonly pointers: readonly string[];
}

/**
 * Reads the heads of the first shards, in the given order, that have something pending. Enqueue numbers order a tenant's
 * pointers, since they were drawn under its row lock. State records come first, and those of a tenant in the batch come with it
 * even when their pointers lie further back, so that no event is sent before the record that reflects it. Pointers and
 * records are of one moment: what changed after it has pointers of its own.
 *
 * One statement, each step a nested loop over an index (`OFFSET 0` and `LIMIT` keep the planner from anything else), so that its cost
 * depends on what is read and never on what is pending.
 *
 * @param limits how many shards, and how many pointers of each.
 */
export async function readBatches(
  sql: SqlExecutor,
  shards: readonly ShardToRead[],
  limits: { readonly shards: number; readonly pointers: number },
): Promise<PendingBatch[]> {
  const rows = await sql.query<EventRow | StateRow>(READ_BATCHES, [
    shards.map(({ shard }) => shard),
    shards.map(({ floor }) => String(floor)),
    limits.shards,
    limits.pointers,
  ]);
  return [...Map.groupBy(rows, ({ shard }) => shard)].map(([shard, ofShard]) => batchOf(shard, ofShard));
}

export const READ_BATCHES = `
WITH waiting AS MATERIALIZED (
  SELECT s.shard, s.floor FROM unnest($1::smallint[], $2::bigint[]) WITH ORDINALITY AS s(shard, floor, place)
  CROSS JOIN LATERAL (
    SELECT FROM tenantry.outbox_pending p WHERE p.shard = s.shard AND p.enqueue_no >= s.floor ORDER BY p.enqueue_no LIMIT 1
  ) AS any_pointer
  ORDER BY s.place LIMIT $3
), head AS MATERIALIZED (
  SELECT p.* FROM waiting w CROSS JOIN LATERAL (
    SELECT p.shard, p.enqueue_no, p.tenant_id, p.event_id, p.occurred_at FROM tenantry.outbox_pending p
    WHERE p.shard = w.shard AND p.enqueue_no >= w.floor ORDER BY p.enqueue_no LIMIT $4
  ) p
), changed AS MATERIALIZED (
  SELECT h.shard, h.tenant_id, array_agg(p.enqueue_no::text) AS pointers
  FROM (SELECT DISTINCT shard, tenant_id FROM head) h CROSS JOIN LATERAL (
    SELECT p.enqueue_no FROM tenantry.outbox_pending p WHERE p.topic = 'state' AND p.tenant_id = h.tenant_id OFFSET 0
  ) p
  GROUP BY h.shard, h.tenant_id
)
SELECT h.shard, h.enqueue_no, NULL::uuid AS event_id, e.envelope, NULL::jsonb AS record, NULL AS traceparent, NULL::text[] AS pointers
FROM head h LEFT JOIN LATERAL (
  SELECT e.envelope FROM tenantry.tenant_event e
  WHERE e.event_id = h.event_id AND e.occurred_at = h.occurred_at LIMIT 1
) e ON true
WHERE h.event_id IS NOT NULL
UNION ALL
SELECT c.shard, NULL, t.event_id, NULL, t.record, t.traceparent, c.pointers
FROM changed c LEFT JOIN LATERAL (
  SELECT t.event_id, t.record, t.traceparent FROM tenantry.tenant_state t WHERE t.tenant_id = c.tenant_id LIMIT 1
) t ON true`;

function batchOf(shard: number, rows: readonly (EventRow | StateRow)[]): PendingBatch {
  const states = rows.filter((row): row is StateRow => row.pointers !== null);
  const events = rows
    .filter((row): row is EventRow => row.pointers === null)
    .sort((a, b) => Number(a.enqueue_no) - Number(b.enqueue_no));
  const pointers = [...states.flatMap((row) => row.pointers), ...events.map((row) => row.enqueue_no)];
  const lost = events.find(({ envelope }) => envelope === null);
  return {
    shard,
    messages: [...states.flatMap(stateMessage), ...events.flatMap(eventMessage)],
    pointers,
    lastNo: Math.max(...pointers.map(Number)),
    ...(lost && { fault: new Error(`The event of pointer ${lost.enqueue_no} is not in the history.`) }),
  };
}

function eventMessage({ envelope }: EventRow): OutboundMessage[] {
  return envelope === null ? [] : [{ channel: 'lifecycle', envelope }];
}

function stateMessage({ event_id, record, traceparent }: StateRow): OutboundMessage[] {
  if (event_id === null || record === null) return [];
  return [
    {
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
    },
  ];
}

export async function deletePointers(sql: SqlExecutor, pointers: readonly string[]): Promise<void> {
  await sql.query('DELETE FROM tenantry.outbox_pending WHERE enqueue_no = ANY ($1::bigint[])', [pointers]);
}
