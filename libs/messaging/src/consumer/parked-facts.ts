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

/** What went wrong with a fact. */
export interface Failure {
  /** Over all redrives. */
  readonly attempts: number;
  readonly error: string;
  readonly stack?: string | undefined;
}

export interface FactToPark {
  readonly tenantId: string;
  readonly seq: bigint;
  readonly event: LifecycleEnvelope;
  /** Absent for a fact that only waits behind another. */
  readonly failure?: Failure;
}

/** Puts a fact at its place in its tenant's queue. */
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

/** Makes whatever comes next wait in the queue, by the place of an event that never came. */
export async function holdQueueTx(
  sql: SqlExecutor,
  group: string,
  tenantId: string,
  seq: bigint,
): Promise<void> {
  await sql.query(
    `INSERT INTO tenantry.parked_fact (grp, tenant_id, tenant_seq, event_id, type) VALUES ($1, $2, $3, 'none', 'missed')
     ON CONFLICT DO NOTHING`,
    [group, tenantId, seq.toString()],
  );
}

async function insertTx(
  sql: SqlExecutor,
  group: string,
  { tenantId, seq, event, failure }: FactToPark,
  envelope: string | null,
): Promise<void> {
  await sql.query(
    `INSERT INTO tenantry.parked_fact (grp, tenant_id, tenant_seq, event_id, type, envelope, attempts, error, stack)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      group,
      tenantId,
      seq.toString(),
      storableText(event.id, 200),
      storableText(event.type, 200),
      envelope,
      failure?.attempts ?? 0,
      failure?.error ?? null,
      failure?.stack ?? null,
    ],
  );
}

/** Puts facts that are to be applied again at their places in the queue; one that waits there already stays as it is. */
export async function queueReplayedTx(
  sql: SqlExecutor,
  group: string,
  tenantId: string,
  facts: readonly { readonly seq: bigint; readonly event: LifecycleEnvelope }[],
): Promise<void> {
  await sql.query(
    `INSERT INTO tenantry.parked_fact (grp, tenant_id, tenant_seq, event_id, type, envelope)
     SELECT DISTINCT ON (f.seq) $1, $2::uuid, f.seq, f.event_id, f.type, f.envelope
     FROM unnest($3::bigint[], $4::text[], $5::text[], $6::json[]) AS f(seq, event_id, type, envelope)
     ON CONFLICT (grp, tenant_id, tenant_seq) DO UPDATE
       SET event_id = excluded.event_id, type = excluded.type, envelope = excluded.envelope
       WHERE parked_fact.envelope IS NULL AND parked_fact.type = 'missed'`,
    [
      group,
      tenantId,
      facts.map(({ seq }) => seq.toString()),
      facts.map(({ event }) => storableText(event.id, 200)),
      facts.map(({ event }) => storableText(event.type, 200)),
      facts.map(({ event }) => JSON.stringify(event)),
    ],
  );
}

/** The first fact of a tenant's queue. */
export interface QueuedFact {
  readonly seq: bigint;
  readonly event: LifecycleEnvelope;
  readonly attempts: number;
  /** Whether it was announced as parked; otherwise it only waits. */
  readonly failed: boolean;
}

/** Takes the places of requests away that nothing waits in front of any more, and answers with the fact that is first then. */
export async function headOfQueueTx(
  sql: SqlExecutor,
  group: string,
  tenantId: string,
): Promise<QueuedFact | undefined> {
  await sql.query(
    `DELETE FROM tenantry.parked_fact p WHERE p.grp = $1 AND p.tenant_id = $2 AND p.envelope IS NULL AND NOT EXISTS (
       SELECT FROM tenantry.parked_fact f
       WHERE f.grp = p.grp AND f.tenant_id = p.tenant_id AND f.envelope IS NOT NULL AND f.tenant_seq < p.tenant_seq)`,
    [group, tenantId],
  );
  const [row] = await sql.query<{
    tenant_seq: string;
    envelope: LifecycleEnvelope;
    attempts: number;
    failed: boolean;
  }>(
    `SELECT tenant_seq, envelope, attempts, error IS NOT NULL AS failed FROM tenantry.parked_fact
     WHERE grp = $1 AND tenant_id = $2 ORDER BY tenant_seq LIMIT 1`,
    [group, tenantId],
  );
  return (
    row && { seq: BigInt(row.tenant_seq), event: row.envelope, attempts: row.attempts, failed: row.failed }
  );
}

/** Takes a fact out of the queue. */
export async function removeFromQueueTx(
  sql: SqlExecutor,
  group: string,
  tenantId: string,
  seq: bigint,
): Promise<void> {
  await sql.query('DELETE FROM tenantry.parked_fact WHERE grp = $1 AND tenant_id = $2 AND tenant_seq = $3', [
    group,
    tenantId,
    seq.toString(),
  ]);
}

/** Notes that a fact of the queue has failed again. */
export async function recordFailureTx(
  sql: SqlExecutor,
  group: string,
  tenantId: string,
  seq: bigint,
  { attempts, error, stack }: Failure,
): Promise<void> {
  await sql.query(
    `UPDATE tenantry.parked_fact SET attempts = $4, error = $5, stack = $6, parked_at = now()
     WHERE grp = $1 AND tenant_id = $2 AND tenant_seq = $3`,
    [group, tenantId, seq.toString(), attempts, error, stack ?? null],
  );
}
