import type { SqlExecutor } from '@tenantry/database';
import { OUTBOX_CHANNEL } from './outbox.js';

/** What NOTIFY says on the outbox's channel when shards were given back, rather than that something was enqueued. */
export const SHARDS_ARE_FREE = 'shards';

/** A shard that a relay may send, as long as its lease lasts. */
export interface ClaimedShard {
  readonly shard: number;
  /** Another one each time that the shard changes hands. */
  readonly lease: string;
  /** How many sends of it have failed in a row. */
  readonly attempts: number;
}

/** Enters a relay; `owner` is a name that no relay has ever had. */
export async function joinRelays(sql: SqlExecutor, owner: string, leaseMs: number): Promise<void> {
  await sql.query(
    `INSERT INTO tenantry.relay_member (owner, lease_until) VALUES ($1, now() + $2 * interval '1 millisecond')`,
    [owner, leaseMs],
  );
}

/** Answers false when the lease had run out, which no renewal brings back. */
export async function renewLease(sql: SqlExecutor, owner: string, leaseMs: number): Promise<boolean> {
  const renewed = await sql.query(
    `UPDATE tenantry.relay_member SET lease_until = now() + $2 * interval '1 millisecond'
    WHERE owner = $1 AND lease_until > now() RETURNING owner`,
    [owner, leaseMs],
  );
  return renewed.length > 0;
}

/**
 * Strikes those whose lease has run out and counts the rest. Striking locks the row, so that a renewal either came before it or
 * finds nothing to renew.
 */
export async function countRelays(sql: SqlExecutor): Promise<number> {
  const [counted] = await sql.query<{ living: number }>(
    `WITH dead AS (DELETE FROM tenantry.relay_member WHERE lease_until <= now())
    SELECT count(*)::int AS living FROM tenantry.relay_member WHERE lease_until > now()`,
  );
  return counted?.living ?? 0;
}

/**
 * Takes shards that are nobody's, or whose owner was struck. One relay takes at a time: whoever has the first shard's row. Between the look and the
 * taking a shard may have gone to a relay that joined meanwhile: then its lease is another, and it is left alone.
 */
export function claimShards(sql: SqlExecutor, owner: string, limit: number): Promise<ClaimedShard[]> {
  return sql.query<ClaimedShard>(
    `WITH turn AS MATERIALIZED (
      SELECT FROM tenantry.relay_shard WHERE shard = 0 FOR UPDATE SKIP LOCKED
    ), free AS MATERIALIZED (
      SELECT s.shard, s.lease FROM turn CROSS JOIN tenantry.relay_shard s
      WHERE (s.lease_until = 'infinity' OR s.lease_until <= now())
        AND NOT EXISTS (SELECT FROM tenantry.relay_member m WHERE m.owner = s.owner)
      ORDER BY s.shard LIMIT $2
    )
    UPDATE tenantry.relay_shard r SET owner = $1, lease = nextval('tenantry.relay_lease'), lease_until = 'infinity'
    FROM free WHERE r.shard = free.shard AND r.lease = free.lease
    RETURNING r.shard, r.lease, r.attempts`,
    [owner, limit],
  );
}

/** Gives shards back and says so, so that others need not wait until they look. */
export async function releaseShards(sql: SqlExecutor, shards: readonly ClaimedShard[]): Promise<void> {
  await sql.query(
    `WITH released AS (
      UPDATE tenantry.relay_shard r SET owner = NULL, lease_until = now()
      FROM unnest($1::smallint[], $2::bigint[]) AS given(shard, lease)
      WHERE r.shard = given.shard AND r.lease = given.lease
    )
    SELECT pg_notify($3, $4)`,
    [shards.map(({ shard }) => shard), shards.map(({ lease }) => lease), OUTBOX_CHANNEL, SHARDS_ARE_FREE],
  );
}

/** Strikes a relay and gives back all it has, in one, so that whoever hears of it counts one less. */
export async function leaveRelays(sql: SqlExecutor, owner: string): Promise<void> {
  await sql.query(
    `WITH struck AS (
      DELETE FROM tenantry.relay_member WHERE owner = $1
    ), released AS (
      UPDATE tenantry.relay_shard SET owner = NULL, lease_until = now() WHERE owner = $1
    )
    SELECT pg_notify($2, $3)`,
    [owner, OUTBOX_CHANNEL, SHARDS_ARE_FREE],
  );
}

/** Notes for operators that a shard could not be sent, and when it is tried again. */
export async function noteFailure(
  sql: SqlExecutor,
  { shard, lease }: ClaimedShard,
  delayMs: number,
  error: string,
): Promise<void> {
  await sql.query(
    `UPDATE tenantry.relay_shard SET attempts = attempts + 1,
      next_at = now() + $3 * interval '1 millisecond', last_error = left($4, 500)
    WHERE shard = $1 AND lease = $2`,
    [shard, lease, delayMs, error],
  );
}

/** Notes that a shard which could not be sent has been sent. */
export async function noteSuccess(sql: SqlExecutor, { shard, lease }: ClaimedShard): Promise<void> {
  await sql.query(
    `UPDATE tenantry.relay_shard SET attempts = 0, next_at = now(), last_error = NULL WHERE shard = $1 AND lease = $2`,
    [shard, lease],
  );
}
