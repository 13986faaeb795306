import {
  checkOutgoing,
  STATE_RECORD_TYPE,
  type Envelope,
  type LifecycleType,
  type MessageType,
  type Payload,
  type StateRecord,
} from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { excessOf } from './message-bounds.js';
import { shardOf } from './shard.js';
import { traceparentFor } from './telemetry/tracing.js';
import { UnpublishableMessage } from './unpublishable-message.js';

/** The `source` of everything that the control plane writes. */
export const CONTROL_PLANE_SOURCE = '/tenantry/control-plane';

/** The Postgres channel that announces new pending pointers to relays in other processes. */
export const OUTBOX_CHANNEL = 'tenantry_outbox';

/** A lifecycle event to be. */
export interface NewEvent<T extends LifecycleType = LifecycleType> {
  readonly tenantId: string;
  /** Drawn from the tenant's row under its row lock, so that a tenant's sequence is its commit order. */
  readonly tenantSeq: string | bigint;
  readonly generation: number;
  readonly type: T;
  readonly data: Payload<T>;
  /** W3C trace context of whatever caused the event. */
  readonly traceparent?: string;
}

export interface OutboxOptions {
  /** Whether a commit wakes relays of other processes by NOTIFY, which serialises commits a little. Default true; the relays' poll is the truth. */
  readonly notify?: boolean;
}

/** Writes what is to be published, in the transaction of the change that it tells of; the relay sends it after the commit. */
export class Outbox {
  private readonly notify: boolean;

  constructor({ notify = true }: OutboxOptions = {}) {
    this.notify = notify;
  }

  /**
   * Adds events to the history and to what is pending, in the given order.
   *
   * @throws UnpublishableMessage when a payload breaks its schema or is too large or too deep; the caller must roll back.
   */
  async enqueueTx(sql: SqlExecutor, events: readonly NewEvent[]): Promise<void> {
    if (events.length === 0) return;
    const rows = events.map((event) => {
      const envelope = envelopeOf(event);
      return {
        event_id: envelope.id,
        tenant_id: event.tenantId,
        tenant_seq: envelope.tenantSeq,
        type: envelope.type,
        occurred_at: envelope.time,
        envelope,
        shard: shardOf(event.tenantId),
      };
    });
    await sql.query(
      `WITH event AS (
        SELECT * FROM ROWS FROM (jsonb_to_recordset($1::jsonb)
          AS (event_id uuid, tenant_id uuid, tenant_seq bigint, type text, occurred_at timestamptz, envelope jsonb, shard smallint))
          WITH ORDINALITY AS e(event_id, tenant_id, tenant_seq, type, occurred_at, envelope, shard, place)
      ), history AS (
        INSERT INTO tenantry.tenant_event (event_id, tenant_id, tenant_seq, type, occurred_at, envelope)
        SELECT event_id, tenant_id, tenant_seq, type, occurred_at, envelope FROM event
      )
      INSERT INTO tenantry.outbox_pending (event_id, tenant_id, tenant_seq, shard, topic, occurred_at)
      SELECT event_id, tenant_id, tenant_seq, shard, 'lifecycle', occurred_at FROM event ORDER BY place`,
      [JSON.stringify(rows)],
    );
    await this.announceTx(sql);
  }

  /**
   * Replaces the tenant's state record and has it published. Several changes before a send are published as one: the record
   * is read when it is sent.
   *
   * @throws UnpublishableMessage as `enqueueTx`.
   */
  async saveStateTx(sql: SqlExecutor, record: StateRecord, traceparent?: string): Promise<void> {
    checked(STATE_RECORD_TYPE, record);
    await sql.query(
      `WITH state AS (
        INSERT INTO tenantry.tenant_state (tenant_id, tenant_seq, event_id, record, traceparent, updated_at)
        VALUES ($1, $2, $3, $4::jsonb, $5, $6)
        ON CONFLICT (tenant_id) DO UPDATE SET tenant_seq = excluded.tenant_seq, event_id = excluded.event_id,
          record = excluded.record, traceparent = excluded.traceparent, updated_at = excluded.updated_at
      )
      INSERT INTO tenantry.outbox_pending (tenant_id, tenant_seq, shard, topic, occurred_at) VALUES ($1, $2, $7, 'state', now())`,
      [
        record.tenantId,
        record.tenantSeq,
        newId(),
        JSON.stringify(record),
        traceparentFor(traceparent) ?? null,
        record.updatedAt,
        shardOf(record.tenantId),
      ],
    );
    await this.announceTx(sql);
  }

  private async announceTx(sql: SqlExecutor): Promise<void> {
    if (this.notify) await sql.query('SELECT pg_notify($1, $2)', [OUTBOX_CHANNEL, '']);
  }
}

function envelopeOf(event: NewEvent): Envelope {
  const traceparent = traceparentFor(event.traceparent);
  return {
    id: newId(),
    source: CONTROL_PLANE_SOURCE,
    type: event.type,
    time: new Date().toISOString(),
    subject: event.tenantId,
    tenantSeq: String(event.tenantSeq),
    generation: String(event.generation),
    ...(traceparent === undefined ? {} : { traceparent }),
    data: checked(event.type, event.data),
  };
}

function checked<T extends MessageType>(type: T, data: unknown): Payload<T> {
  const excess = excessOf(data);
  if (excess !== undefined) throw new UnpublishableMessage(type, excess);
  const check = checkOutgoing(type, data);
  if (!check.ok) throw new UnpublishableMessage(type, check.reason);
  return check.data;
}
