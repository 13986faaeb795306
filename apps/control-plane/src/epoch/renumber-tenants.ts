import type { DesiredState, TenantState } from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { EPOCH_SIZE, shardOf } from '@tenantry/messaging';
import { DEFAULT_ACK_TIMEOUT_MS } from '../participants/ack-timeout.js';
import { askAgain } from './ask-again.js';

const CHUNK = 1000;
/** As fast as the reconciler is woken when a participant comes back. */
const WAKES_PER_SECOND = 200;

interface TenantRow {
  readonly id: string;
  readonly desired: DesiredState;
  readonly state: TenantState;
  readonly wasActive: boolean;
  readonly placed: boolean;
  readonly deletionScheduled: boolean;
}

/** How many tenants have new numbers, and of how many of them everyone is asked again. */
export interface Renumbered {
  readonly tenants: number;
  readonly asked: number;
}

/**
 * Gives every tenant numbers of the epoch, opens an operation that asks everyone again, has its state record published, and
 * wakes it, one after the other at a bounded rate. Routes stay as they are: what keeps a tenant out is the fence, and closing all would
 * stop every tenant at once.
 */
export async function renumberTenantsTx(sql: SqlExecutor, epoch: number): Promise<Renumbered> {
  const [clock] = await sql.query<{ now: Date; timeout: number | null }>(
    `SELECT tenantry.now() AS now, (SELECT max(ack_timeout_ms) FROM tenantry.participant WHERE retired_at IS NULL) AS timeout`,
  );
  const numbers = {
    first: epoch * EPOCH_SIZE,
    now: clock!.now.toISOString(),
    deadline: new Date(clock!.now.getTime() + (clock!.timeout ?? DEFAULT_ACK_TIMEOUT_MS)).toISOString(),
  };
  let done: Renumbered = { tenants: 0, asked: 0 };
  for (let after: string | null = null; ;) {
    const rows: TenantRow[] = await tenantsTx(sql, after);
    if (rows.length === 0) return done;
    const asked = await renumberChunkTx(sql, rows, numbers, done.asked);
    done = { tenants: done.tenants + rows.length, asked: done.asked + asked };
    after = rows.at(-1)!.id;
  }
}

function tenantsTx(sql: SqlExecutor, after: string | null): Promise<TenantRow[]> {
  return sql.query<TenantRow>(
    `SELECT t.id, t.desired, t.state, t.was_active AS "wasActive", t.purge_after IS NOT NULL AS "deletionScheduled",
       EXISTS (SELECT FROM tenantry.route r WHERE r.tenant_id = t.id) AS placed
     FROM tenantry.tenant t WHERE $1::uuid IS NULL OR t.id > $1 ORDER BY t.id LIMIT ${CHUNK} FOR NO KEY UPDATE`,
    [after],
  );
}

async function renumberChunkTx(
  sql: SqlExecutor,
  rows: readonly TenantRow[],
  numbers: { readonly first: number; readonly now: string; readonly deadline: string },
  place: number,
): Promise<number> {
  const tenants = rows.map((row) => {
    const again = askAgain(row);
    return {
      id: row.id,
      shard: shardOf(row.id),
      event_id: newId(),
      state: again?.state ?? row.state,
      // What was purged keeps its generation: no number is given out for it any more.
      asked: again !== undefined,
      ...(again && { operation_id: newId(), kind: again.kind, desired: row.desired, place: (place += 1) }),
    };
  });
  const asked = tenants.filter((tenant) => tenant.asked);
  await sql.query(
    `UPDATE tenantry.operation SET state = 'superseded', updated_at = $2, finished_at = $2
     WHERE tenant_id = ANY ($1::uuid[]) AND state IN ('pending', 'running')`,
    [asked.map(({ id }) => id), numbers.now],
  );
  await sql.query(
    `WITH one AS (
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS o (id uuid, shard smallint, event_id uuid, state text, asked boolean)
     ), numbered AS (
       UPDATE tenantry.tenant t SET tenant_seq = $2::bigint, version = greatest(t.version, $2) + 1, updated_at = $3, state = o.state,
         generation = CASE WHEN o.asked THEN $2 + 1 ELSE t.generation END,
         state_since = CASE WHEN t.state = o.state THEN t.state_since ELSE $3 END
       FROM one o WHERE o.id = t.id
       RETURNING t.id, t.generation, t.version, t.state, o.shard, o.event_id
     ), recorded AS (
       UPDATE tenantry.tenant_state s SET tenant_seq = $2, event_id = n.event_id, traceparent = NULL, updated_at = $3,
         record = s.record || jsonb_build_object('tenantSeq', $2::text, 'generation', n.generation, 'version', n.version,
           'state', n.state, 'updatedAt', $4::text)
       FROM numbered n WHERE n.id = s.tenant_id
     )
     INSERT INTO tenantry.outbox_pending (tenant_id, tenant_seq, shard, topic, occurred_at)
     SELECT id, $2, shard, 'state', now() FROM numbered`,
    [JSON.stringify(tenants), numbers.first, numbers.now, numbers.now],
  );
  await sql.query(
    `INSERT INTO tenantry.operation (id, tenant_id, kind, state, generation, desired, actor, reason, deadline, created_at, updated_at)
     SELECT o.operation_id, o.id, o.kind, 'pending', $2::bigint, o.desired, 'system:migrate', 'the database was restored, and its epoch raised',
       $3::timestamptz, $4::timestamptz, $4::timestamptz
     FROM jsonb_to_recordset($1::jsonb) AS o (id uuid, operation_id uuid, kind text, desired text)`,
    [JSON.stringify(asked), numbers.first + 1, numbers.deadline, numbers.now],
  );
  await sql.query(
    `INSERT INTO tenantry.wake (tenant_id, due_at)
     SELECT o.id, tenantry.now() + o.place * interval '1 second' / ${WAKES_PER_SECOND}
     FROM jsonb_to_recordset($1::jsonb) AS o (id uuid, place integer) ORDER BY o.id
     ON CONFLICT (tenant_id) DO UPDATE SET due_at = least(wake.due_at, excluded.due_at), version = wake.version + 1`,
    [JSON.stringify(asked)],
  );
  return asked.length;
}
