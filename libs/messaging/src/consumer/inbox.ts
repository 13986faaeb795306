import type { ParticipantRequest, RequestType } from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';
import type { WorkItem } from './work-item.js';

export interface RequestToStore {
  readonly tenantId: string;
  readonly type: RequestType;
  readonly request: ParticipantRequest;
  readonly traceparent?: string;
}

/** A worker's hold on one inbox row: it is good while the row still carries both numbers. */
export interface Claim {
  readonly tenantId: string;
  readonly lease: string;
  readonly version: string;
}

export interface ClaimedRequest {
  readonly claim: Claim;
  readonly item: WorkItem;
  /** How often the row was claimed, this time included; more than one after crashes and hand-backs. */
  readonly claims: number;
}

/**
 * Stores a request unless the inbox holds the same or a newer one. Another operation takes the place of an older one
 * and a new `version`; a further attempt of the same operation only raises `attempt`. The lease is
 * never touched: whoever works the older operation keeps the tenant until it has let go, so two never work one tenant.
 */
export async function storeRequestTx(
  sql: SqlExecutor,
  { tenantId, type, request, traceparent }: RequestToStore,
): Promise<void> {
  await sql.query(
    `INSERT INTO tenantry.inbox AS i (tenant_id, operation_id, generation, attempt, type, payload, traceparent)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (tenant_id) DO UPDATE SET
       operation_id = excluded.operation_id, generation = excluded.generation, attempt = excluded.attempt,
       type = excluded.type, payload = excluded.payload, traceparent = excluded.traceparent,
       version = i.version + CASE WHEN (i.operation_id, i.generation) = (excluded.operation_id, excluded.generation) THEN 0 ELSE 1 END,
       attempts = CASE WHEN (i.operation_id, i.generation) = (excluded.operation_id, excluded.generation) THEN i.attempts ELSE 0 END,
       due_at = now(), received_at = excluded.received_at
     WHERE (excluded.generation, excluded.attempt) > (i.generation, i.attempt)`,
    [
      tenantId,
      request.operationId,
      request.generation,
      request.attempt,
      type,
      JSON.stringify(request),
      traceparent ?? null,
    ],
  );
}

interface InboxRow {
  tenant_id: string;
  operation_id: string;
  generation: string;
  attempt: string;
  type: RequestType;
  payload: ParticipantRequest;
  traceparent: string | null;
  version: string;
  lease: string;
  attempts: number;
}

/** Takes due requests that nobody holds, the longest due first, for `leaseMs`. Tenants in `except` are left alone. */
export async function claimRequests(
  sql: SqlExecutor,
  options: { readonly limit: number; readonly leaseMs: number; readonly except: readonly string[] },
): Promise<ClaimedRequest[]> {
  const rows = await sql.query<InboxRow>(
    `WITH due AS MATERIALIZED (
       SELECT tenant_id FROM tenantry.inbox
       WHERE greatest(due_at, lease_until) <= now() AND tenant_id <> ALL ($3::uuid[])
       ORDER BY greatest(due_at, lease_until) LIMIT $1 FOR UPDATE SKIP LOCKED
     )
     UPDATE tenantry.inbox i
     SET lease = nextval('tenantry.inbox_lease'), lease_until = now() + $2 * interval '1 ms', attempts = i.attempts + 1
     FROM due WHERE i.tenant_id = due.tenant_id
     RETURNING i.tenant_id, i.operation_id, i.generation, i.attempt, i.type, i.payload, i.traceparent, i.version, i.lease, i.attempts`,
    [options.limit, options.leaseMs, options.except],
  );
  return rows.map((row) => ({
    claim: { tenantId: row.tenant_id, lease: row.lease, version: row.version },
    item: {
      tenantId: row.tenant_id,
      operationId: row.operation_id,
      generation: Number(row.generation),
      attempt: Number(row.attempt),
      type: row.type,
      request: row.payload,
      ...(row.traceparent === null ? {} : { traceparent: row.traceparent }),
    },
    claims: row.attempts,
  }));
}

/** The present version of each claim whose lease still stands; the others are missing. */
export async function versionsOf(sql: SqlExecutor, claims: readonly Claim[]): Promise<Map<string, string>> {
  return versions(
    await sql.query(
      `SELECT i.tenant_id, i.version FROM tenantry.inbox i
       JOIN unnest($1::uuid[], $2::bigint[]) AS held (tenant_id, lease) USING (tenant_id, lease)`,
      columns(claims),
    ),
  );
}

/** Extends the leases that still stand to `leaseMs` from now, and answers as `versionsOf`. */
export async function renewLeases(
  sql: SqlExecutor,
  claims: readonly Claim[],
  leaseMs: number,
): Promise<Map<string, string>> {
  return versions(
    await sql.query(
      `UPDATE tenantry.inbox i SET lease_until = now() + $3 * interval '1 ms'
       FROM unnest($1::uuid[], $2::bigint[]) AS held (tenant_id, lease)
       WHERE i.tenant_id = held.tenant_id AND i.lease = held.lease
       RETURNING i.tenant_id, i.version`,
      [...columns(claims), leaseMs],
    ),
  );
}

/** Removes the row if the claim is still good. @returns the highest attempt that was asked for, or undefined when the claim is not good. */
export async function removeRequestTx(
  sql: SqlExecutor,
  { tenantId, lease, version }: Claim,
): Promise<number | undefined> {
  const rows = await sql.query<{ attempt: string }>(
    'DELETE FROM tenantry.inbox WHERE tenant_id = $1 AND lease = $2 AND version = $3 RETURNING attempt',
    [tenantId, lease, version],
  );
  return rows[0] && Number(rows[0].attempt);
}

/** The highest attempt asked for, while the claim is good; locks the row until the transaction ends. */
export async function lockRequestTx(
  sql: SqlExecutor,
  { tenantId, lease, version }: Claim,
): Promise<number | undefined> {
  const rows = await sql.query<{ attempt: string }>(
    'SELECT attempt FROM tenantry.inbox WHERE tenant_id = $1 AND lease = $2 AND version = $3 FOR UPDATE',
    [tenantId, lease, version],
  );
  return rows[0] && Number(rows[0].attempt);
}

/** Hands the row back, whatever it holds by now, due after `delayMs`; does nothing when the lease is somebody else's. */
export async function releaseRequest(
  sql: SqlExecutor,
  { tenantId, lease }: Claim,
  delayMs: number,
): Promise<void> {
  await sql.query(
    `UPDATE tenantry.inbox SET lease = NULL, lease_until = NULL, due_at = now() + $3 * interval '1 ms'
     WHERE tenant_id = $1 AND lease = $2`,
    [tenantId, lease, delayMs],
  );
}

function columns(claims: readonly Claim[]): [string[], string[]] {
  return [claims.map(({ tenantId }) => tenantId), claims.map(({ lease }) => lease)];
}

function versions(rows: { tenant_id: string; version: string }[]): Map<string, string> {
  return new Map(rows.map((row) => [row.tenant_id, row.version]));
}
