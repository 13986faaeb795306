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
 * @param limits how many shards, and how many pointers of each.
 */
export async function readBatches(
  sql: SqlExecutor,
  shards: readonly ShardToRead[],
  limits: { readonly shards: number; readonly pointers: number },
): Promise<PendingBatch[]> {
  const rows = await sql.query<EventRow | StateRow>(
    'SELECT * FROM tenantry.read_outbox($1::smallint[], $2::bigint[], $3, $4)',
    [shards.map(({ shard }) => shard), shards.map(({ floor }) => floor), limits.shards, limits.pointers],
  );
  return [...Map.groupBy(rows, ({ shard }) => shard)].map(([shard, ofShard]) => batchOf(shard, ofShard));
}

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
