import { isUuid } from '@tenantry/kernel';
import { decodeCursor, pageOf, type Page } from '@tenantry/service';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { ParkedFactDetailView, ParkedFactView } from './parked-fact.view.js';
import type { ParkedState, Recovery } from './recovery.js';
import { RECOVERY_COLUMNS } from './recovery.store.js';
import { toRecoveryView, type RecoveryView } from './recovery.view.js';

/** Which parked facts to list; all given conditions hold together. */
export interface ParkedFactFilter {
  readonly state: ParkedState;
  /** A UUID. */
  readonly tenantId?: string | undefined;
  readonly participant?: string | undefined;
  readonly group?: string | undefined;
}

interface ParkedRow {
  readonly id: string;
  readonly state: ParkedState;
  readonly tenant_id: string;
  readonly participant: string;
  readonly grp: string;
  readonly tenant_seq: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly attempts: number;
  readonly error: string;
  readonly reported_at: Date;
  readonly announced_at: Date;
  readonly resolved_at: Date | null;
}

interface DetailRow extends ParkedRow {
  readonly stack: string | null;
  readonly payload: Record<string, unknown> | null;
  readonly later_facts: number;
}

const COLUMNS = `p.id, p.state, p.tenant_id, p.participant, p.grp, p.tenant_seq, p.event_id, p.event_type, p.attempts, p.error,
  p.reported_at, p.announced_at, p.resolved_at`;
const MAX_SHOWN_RECOVERIES = 20;

/** Parked facts for reading: outside of any command's transaction. */
@Injectable()
export class ParkedFactReadModel {
  constructor(private readonly dataSource: DataSource) {}

  /** A page, the newest first. @throws InvalidRequest for a made-up cursor. */
  async list(filter: ParkedFactFilter, limit: number, cursor?: string): Promise<Page<ParkedFactView>> {
    const { state, tenantId, participant, group } = filter;
    const before = cursor === undefined ? null : decodeCursor(cursor, isUuid);
    const conditions = ['p.state = $1', '($2::uuid IS NULL OR p.id < $2)'];
    const values: unknown[] = [state, before, limit + 1];
    const also = (column: string, value: string | undefined): void => {
      if (value !== undefined) conditions.push(`${column} = $${values.push(value)}`);
    };
    also('p.tenant_id', tenantId);
    also('p.participant', participant);
    also('p.grp', group);
    const rows: ParkedRow[] = await this.dataSource.query(
      `SELECT ${COLUMNS} FROM tenantry.parked_fact p WHERE ${conditions.join(' AND ')} ORDER BY p.id DESC LIMIT $3`,
      values,
    );
    return pageOf(rows.map(toView), limit, ({ id }) => id);
  }

  /** @param id a UUID. */
  async find(id: string): Promise<ParkedFactDetailView | undefined> {
    const [row]: DetailRow[] = await this.dataSource.query(
      `SELECT ${COLUMNS}, p.stack, coalesce(p.payload, (
           SELECT (e.envelope -> 'data')::json FROM tenantry.tenant_event e
           WHERE e.tenant_id = p.tenant_id AND e.tenant_seq = p.tenant_seq AND e.event_id::text = p.event_id)) AS payload,
         (SELECT count(*)::integer FROM tenantry.tenant_event e
          WHERE e.tenant_id = p.tenant_id AND e.tenant_seq > p.tenant_seq AND e.type NOT LIKE '%\\_requested.v%') AS later_facts
       FROM tenantry.parked_fact p WHERE p.id = $1`,
      [id],
    );
    if (!row) return undefined;
    const recoveries: Recovery[] = await this.dataSource.query(
      `SELECT ${RECOVERY_COLUMNS} FROM tenantry.recovery WHERE parked_id = $1 ORDER BY id DESC LIMIT ${MAX_SHOWN_RECOVERIES}`,
      [id],
    );
    const { stack, payload, later_facts: laterFacts } = row;
    return { ...toView(row), stack, payload, laterFacts, recoveries: recoveries.map(toRecoveryView) };
  }

  /** A replay by its id, a UUID. */
  async findReplay(id: string): Promise<RecoveryView | undefined> {
    const [recovery]: Recovery[] = await this.dataSource.query(
      `SELECT ${RECOVERY_COLUMNS} FROM tenantry.recovery WHERE id = $1 AND kind = 'replay'`,
      [id],
    );
    return recovery && toRecoveryView(recovery);
  }
}

function toView(row: ParkedRow): ParkedFactView {
  return {
    id: row.id,
    state: row.state,
    tenantId: row.tenant_id,
    participant: row.participant,
    group: row.grp,
    tenantSeq: Number(row.tenant_seq),
    eventId: row.event_id,
    eventType: row.event_type,
    attempts: row.attempts,
    error: row.error,
    parkedAt: row.reported_at.toISOString(),
    announcedAt: row.announced_at.toISOString(),
    resolvedAt: row.resolved_at?.toISOString() ?? null,
  };
}
