import type { OperationKind, TenantState } from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { managerExecutor } from '../database/manager-executor.js';

/** What is asked of one participant and not answered, and when it was last heard from. */
export interface ParticipantLoad {
  readonly name: string;
  /** Tasks that are neither done nor decided. */
  readonly waiting: number;
  /** For how long the oldest of them has been asked for, in seconds; 0 where none waits. */
  readonly oldestSeconds: number;
  /** Since its last sign of life; where there never was one, since it was declared. */
  readonly lastSeenSeconds: number;
  /** Facts that it has parked. */
  readonly parked: number;
}

/** How the audit log's workers keep up. */
export interface AuditLoad {
  /** Entries without a position. */
  readonly unsequenced: number;
  /** How old the oldest entry is that no signed checkpoint covers, in seconds; 0 where all are covered. */
  readonly uncoveredSeconds: number;
}

/** The work of the whole installation in numbers, for gauges; each query reads partial indexes or small tables. */
@Injectable()
export class FleetLoadReadModel {
  private readonly sql: SqlExecutor;

  constructor(dataSource: DataSource) {
    this.sql = managerExecutor(dataSource.manager);
  }

  /** Tenants by state; states that no tenant is in are missing. */
  tenants(): Promise<{ state: TenantState; tenants: number }[]> {
    return this.sql.query('SELECT state, count(*)::int AS tenants FROM tenantry.tenant GROUP BY state');
  }

  /** Unfinished operations by kind, and those of them past their deadline; kinds without any are missing. */
  operations(): Promise<{ kind: OperationKind; running: number; overdue: number }[]> {
    return this.sql.query(
      `SELECT kind, count(*)::int AS running, (count(*) FILTER (WHERE deadline < tenantry.now()))::int AS overdue
       FROM tenantry.operation WHERE state IN ('pending', 'running') GROUP BY kind`,
    );
  }

  /** Operations that failed for good and that nothing has taken the place of, by kind; kinds without any are missing. */
  failedOperations(): Promise<{ kind: OperationKind; failed: number }[]> {
    return this.sql.query(
      `SELECT o.kind, count(*)::int AS failed
       FROM tenantry.operation o JOIN tenantry.tenant t ON t.id = o.tenant_id AND t.generation = o.generation
       WHERE o.state = 'failed' GROUP BY o.kind`,
    );
  }

  /** Every participant that is not retired. What was asked by an operation that something took the place of is not waited for. */
  participants(): Promise<ParticipantLoad[]> {
    return this.sql.query(
      `SELECT p.name, coalesce(t.waiting, 0) AS waiting, coalesce(t.oldest, 0) AS "oldestSeconds", coalesce(f.parked, 0) AS parked,
         greatest(0, extract(epoch FROM tenantry.now() - coalesce(p.last_heartbeat_at, p.created_at)))::float8 AS "lastSeenSeconds"
       FROM tenantry.participant p
       LEFT JOIN (
         SELECT k.participant, count(*)::int AS waiting,
           greatest(0, extract(epoch FROM tenantry.now() - min(coalesce(k.addressed_at, k.created_at))))::float8 AS oldest
         FROM tenantry.task k JOIN tenantry.operation o ON o.id = k.operation_id AND o.state IN ('pending', 'running', 'succeeded')
         JOIN tenantry.tenant n ON n.id = o.tenant_id AND n.generation = o.generation
         WHERE k.state IN ('pending', 'in_progress', 'failed') AND k.finished_at IS NULL AND k.decision IS NULL
         GROUP BY k.participant
       ) t ON t.participant = p.name
       LEFT JOIN (
         SELECT participant, count(*)::int AS parked FROM tenantry.parked_fact WHERE state = 'parked' GROUP BY participant
       ) f ON f.participant = p.name
       WHERE p.retired_at IS NULL ORDER BY p.name`,
    );
  }

  /**
   * Tenants whose purge should have begun or ended: the grace period is over and nothing holds the purge, or its operation is past its deadline or
   * has failed.
   */
  async purgesOverdue(): Promise<number> {
    const [row] = await this.sql.query<{ overdue: number }>(
      `SELECT ((SELECT count(*) FROM tenantry.tenant
           WHERE state = 'DELETION_SCHEDULED' AND purge_after < tenantry.now() AND hold_placed_at IS NULL)
         + (SELECT count(*) FROM tenantry.operation
           WHERE kind = 'purge' AND state IN ('pending', 'running') AND deadline < tenantry.now())
         + (SELECT count(*) FROM tenantry.operation o JOIN tenantry.tenant t ON t.id = o.tenant_id AND t.generation = o.generation
           WHERE o.kind = 'purge' AND o.state = 'failed'))::int AS overdue`,
    );
    return row?.overdue ?? 0;
  }

  async audit(): Promise<AuditLoad> {
    const [row] = await this.sql.query<AuditLoad>(
      `SELECT (SELECT count(*) FROM tenantry.audit_pending)::int AS unsequenced,
         greatest(0, coalesce(extract(epoch FROM tenantry.now() - coalesce(
           (SELECT e.at FROM tenantry.audit_leaf l JOIN tenantry.audit_entry e ON e.id = l.entry_id
            WHERE l.position = coalesce((SELECT max(tree_size) FROM tenantry.audit_checkpoint), 0)),
           (SELECT e.at FROM tenantry.audit_pending p JOIN tenantry.audit_entry e ON e.id = p.entry_id
            ORDER BY p.enqueue_no LIMIT 1))), 0))::float8 AS "uncoveredSeconds"`,
    );
    return row ?? { unsequenced: 0, uncoveredSeconds: 0 };
  }
}
