import type { SqlExecutor } from '@tenantry/database';
import type { LifecycleEnvelope } from '../transport.js';
import { storableText } from './storable-text.js';

/** Whether facts of the tenant wait behind a poison one. Ask only while the position is locked. */
export async function hasParkedFactsTx(sql: SqlExecutor, group: string, tenantId: string): Promise<boolean> {
  const rows = await sql.query('SELECT FROM tenantry.parked_fact WHERE grp = $1 AND tenant_id = $2 LIMIT 1', [
    group,
    tenantId,
  ]);
  return rows.length > 0;
}

export interface FactToPark {
  readonly tenantId: string;
  readonly seq: bigint;
  readonly event: LifecycleEnvelope;
  /** What went wrong; absent for a fact that only waits behind another. */
  readonly failure?: { readonly attempts: number; readonly error: string };
}

/** Puts a fact at the end of its tenant's queue. */
export async function parkFactTx(sql: SqlExecutor, group: string, fact: FactToPark): Promise<void> {
  await insertTx(sql, group, fact, JSON.stringify(fact.event));
}

/** Leaves the place of a request that passed the parked facts, so that the queue shows every sequence. */
export async function markPassedTx(
  sql: SqlExecutor,
  group: string,
  request: Omit<FactToPark, 'failure'>,
): Promise<void> {
  await insertTx(sql, group, request, null);
}

async function insertTx(
  sql: SqlExecutor,
  group: string,
  { tenantId, seq, event, failure }: FactToPark,
  envelope: string | null,
): Promise<void> {
  await sql.query(
    `INSERT INTO tenantry.parked_fact (grp, tenant_id, tenant_seq, event_id, type, envelope, attempts, error)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      group,
      tenantId,
      seq.toString(),
      storableText(event.id, 200),
      storableText(event.type, 200),
      envelope,
      failure?.attempts ?? 0,
      failure?.error ?? null,
    ],
  );
}
