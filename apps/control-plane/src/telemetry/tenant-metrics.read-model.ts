import type { OperationState, TenantState } from '@tenantry/contracts';
import { isUuid } from '@tenantry/kernel';
import { shardOf } from '@tenantry/messaging';
import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import { FactsReadModel } from '../explaining/facts.read-model.js';
import type {
  EndedOperations,
  ParticipantMetrics,
  RunningOperation,
  TenantMetrics,
} from './tenant-metrics.view.js';

/** The numbers of one tenant, of one snapshot; everything is read by indexes that begin with the tenant. */
@Injectable()
export class TenantMetricsReadModel {
  constructor(private readonly facts: FactsReadModel) {}

  /** `undefined` for an unknown id, and for a text that is no id at all. */
  async of(tenantId: string): Promise<TenantMetrics | undefined> {
    if (!isUuid(tenantId)) return undefined;
    return this.facts.snapshot(async (tx) => {
      const [tenant] = await tx.sql.query<
        Pick<TenantMetrics, 'stateSeconds' | 'tenantSeq'> & { state: TenantState }
      >(
        `SELECT state, tenant_seq::text AS "tenantSeq",
           greatest(0, extract(epoch FROM tenantry.now() - coalesce(state_since, created_at)))::float8 AS "stateSeconds"
         FROM tenantry.tenant WHERE id = $1`,
        [tenantId],
      );
      if (!tenant) return undefined;
      return {
        tenantId: tenantId.toLowerCase(),
        at: tx.now.toISOString(),
        ...tenant,
        running: await runningTx(tx, tenantId),
        operations: await endedTx(tx, tenantId),
        participants: await participantsTx(tx, tenantId),
        outbox: await outboxTx(tx, tenantId),
      };
    });
  }
}

async function runningTx({ sql }: Tx, tenantId: string): Promise<RunningOperation | null> {
  const [running] = await sql.query<RunningOperation>(
    `SELECT id, kind AS operation, greatest(0, extract(epoch FROM tenantry.now() - created_at))::float8 AS seconds,
       deadline < tenantry.now() AS overdue
     FROM tenantry.operation WHERE tenant_id = $1 AND state IN ('pending', 'running')`,
    [tenantId],
  );
  return running ?? null;
}

async function endedTx({ sql }: Tx, tenantId: string): Promise<EndedOperations[]> {
  const rows = await sql.query<
    Omit<EndedOperations, 'lastEndedAt'> & { outcome: OperationState; ended: Date }
  >(
    `SELECT kind AS operation, state AS outcome, count(*)::int AS count, max(finished_at) AS ended,
       sum(extract(epoch FROM finished_at - created_at))::float8 AS "totalSeconds",
       max(extract(epoch FROM finished_at - created_at))::float8 AS "longestSeconds"
     FROM tenantry.operation WHERE tenant_id = $1 AND finished_at IS NOT NULL GROUP BY kind, state ORDER BY kind, state`,
    [tenantId],
  );
  return rows.map(({ ended, ...row }) => ({ ...row, lastEndedAt: ended.toISOString() }));
}

function participantsTx({ sql }: Tx, tenantId: string): Promise<ParticipantMetrics[]> {
  return sql.query(
    `SELECT k.participant, sum(k.attempts)::int AS asked, count(*) FILTER (WHERE k.state = 'succeeded')::int AS succeeded,
       count(*) FILTER (WHERE w.waits) > 0 AS waiting,
       greatest(0, coalesce(max(extract(epoch FROM tenantry.now() - coalesce(k.addressed_at, k.created_at))) FILTER (WHERE w.waits), 0))::float8
         AS "unacknowledgedSeconds",
       (SELECT count(*) FROM tenantry.parked_fact f
        WHERE f.tenant_id = $1 AND f.participant = k.participant AND f.state = 'parked')::int AS "parkedFacts"
     FROM tenantry.operation o JOIN tenantry.task k ON k.operation_id = o.id
     JOIN tenantry.tenant t ON t.id = o.tenant_id
     CROSS JOIN LATERAL (SELECT o.generation = t.generation AND o.state IN ('pending', 'running', 'succeeded')
       AND k.state IN ('pending', 'in_progress', 'failed') AND k.finished_at IS NULL AND k.decision IS NULL AS waits) w
     WHERE o.tenant_id = $1 GROUP BY k.participant ORDER BY k.participant`,
    [tenantId],
  );
}

async function outboxTx({ sql }: Tx, tenantId: string): Promise<TenantMetrics['outbox']> {
  const [row] = await sql.query<TenantMetrics['outbox']>(
    `SELECT count(*)::int AS pending,
       greatest(0, coalesce(extract(epoch FROM now() - min(occurred_at)), 0))::float8 AS "oldestSeconds"
     FROM tenantry.outbox_pending WHERE shard = $2 AND tenant_id = $1`,
    [tenantId, shardOf(tenantId)],
  );
  return row ?? { pending: 0, oldestSeconds: 0 };
}
