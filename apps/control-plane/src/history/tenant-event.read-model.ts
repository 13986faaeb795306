import { isUuid } from '@tenantry/kernel';
import { decodeCursor, pageOf, type Page } from '@tenantry/service';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { TenantEventView } from './tenant-event.view.js';

interface EventRow {
  readonly event_id: string;
  readonly type: string;
  readonly tenant_seq: string;
  readonly occurred_at: Date;
  readonly envelope: {
    readonly generation?: string;
    readonly traceparent?: string;
    readonly data: Record<string, unknown>;
  };
}

/** What was published about a tenant. */
@Injectable()
export class TenantEventReadModel {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * A page, newest first; `undefined` for an unknown tenant, and for a text that is no id at all.
   * @throws InvalidRequest for a made-up cursor.
   */
  async list(tenantId: string, limit: number, cursor?: string): Promise<Page<TenantEventView> | undefined> {
    const before = cursor === undefined ? null : decodeCursor(cursor, isSequence);
    if (!isUuid(tenantId)) return undefined;
    const rows: EventRow[] = await this.dataSource.query(
      `SELECT event_id, type, tenant_seq, occurred_at, envelope FROM tenantry.tenant_event
       WHERE tenant_id = $1 AND tenant_seq < coalesce($2::bigint, ${String(Number.MAX_SAFE_INTEGER)})
       ORDER BY tenant_seq DESC LIMIT $3`,
      [tenantId, before, limit + 1],
    );
    if (rows.length === 0 && !(await this.isTenant(tenantId))) return undefined;
    return pageOf(rows.map(toView), limit, ({ tenantSeq }) => tenantSeq);
  }

  /** A tenant that was only just requested has no events yet. */
  private async isTenant(id: string): Promise<boolean> {
    const rows: unknown[] = await this.dataSource.query('SELECT 1 FROM tenantry.tenant WHERE id = $1', [id]);
    return rows.length > 0;
  }
}

function isSequence(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function toView(row: EventRow): TenantEventView {
  const { generation, traceparent, data } = row.envelope;
  return {
    id: row.event_id,
    type: row.type,
    tenantSeq: Number(row.tenant_seq),
    generation: Number(generation ?? 0),
    occurredAt: row.occurred_at.toISOString(),
    traceparent: traceparent ?? null,
    data,
  };
}
