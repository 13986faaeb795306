import type { SqlExecutor } from '@tenantry/database';
import type { WorkItem } from './work-item.js';

/** A tenant's last success. */
export interface StoredAnswer {
  readonly operationId: string;
  readonly generation: number;
  readonly evidence: Record<string, unknown>;
}

export async function findAnswer(sql: SqlExecutor, tenantId: string): Promise<StoredAnswer | undefined> {
  const rows = await sql.query<{
    operation_id: string;
    generation: string;
    evidence: Record<string, unknown>;
  }>('SELECT operation_id, generation, evidence FROM tenantry.answer WHERE tenant_id = $1', [tenantId]);
  const row = rows[0];
  return row && { operationId: row.operation_id, generation: Number(row.generation), evidence: row.evidence };
}

/** Keeps a success for the day its operation is asked for again; it takes the place of the tenant's older ones. */
export async function saveAnswerTx(
  sql: SqlExecutor,
  item: WorkItem,
  attempt: number,
  evidence: Record<string, unknown>,
): Promise<void> {
  await sql.query(
    `INSERT INTO tenantry.answer AS a (tenant_id, operation_id, generation, attempt, evidence) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (tenant_id) DO UPDATE SET operation_id = excluded.operation_id, generation = excluded.generation,
       attempt = excluded.attempt, evidence = excluded.evidence, answered_at = now()
     WHERE excluded.generation >= a.generation`,
    [item.tenantId, item.operationId, item.generation, attempt, JSON.stringify(evidence)],
  );
}
