import type { SqlMigration } from '@tenantry/database';

/**
 * Which relays live, and how a relay reads. A shard belongs to the relay that its row names for as long as that one's lease lasts: so a
 * relay renews one row however many shards it has, and the shards' rows change only when they change hands. Rows that change
 * with every batch leave dead versions behind that a long transaction elsewhere keeps, and whoever looks for work has to read
 * past them.
 *
 * Needs OUTBOX_SQL and HISTORY_SQL before it. A relay of the version before this one leaves alone what belongs to a relay of this
 * one, whose shards' own leases are `infinity`; the other way round, its leases are waited for.
 */
export const RELAY_MEMBER_SQL: SqlMigration = {
  name: 'messaging-0004-relay-members',
  sql: `
CREATE TABLE tenantry.relay_member (
  owner text NOT NULL,
  lease_until timestamptz NOT NULL,
  CONSTRAINT relay_member_pkey PRIMARY KEY (owner)
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON tenantry.relay_member TO tenantry_control;

-- With the number, since a tenant's pointers that were sent may be dead for long.
DROP INDEX tenantry.outbox_pending_state_idx;
CREATE INDEX outbox_pending_state_idx ON tenantry.outbox_pending (tenant_id, enqueue_no) WHERE topic = 'state';

-- Reads the heads of the first of the shards, in the given order, that have something pending at or above their floors: so many shards,
-- so many pointers of each. An event's row has its pointer's number; a state record's row has the numbers of all pointers to it,
-- wherever in the shard they lie, of each tenant in a head. All is of one moment.
--
-- A function, so that it is planned once, and so that its cost depends on what is read and never on what is pending: the
-- comparison of rows and the order leave only the index over (shard, enqueue_no), LIMIT and OFFSET 0 only nested loops, and what would
-- collect and sort a whole shard first is off.
CREATE FUNCTION tenantry.read_outbox(shards smallint[], floors bigint[], max_shards integer, max_pointers integer)
RETURNS TABLE (shard smallint, enqueue_no bigint, envelope jsonb, pointers bigint[], event_id uuid, record jsonb, traceparent text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH waiting AS MATERIALIZED (
    SELECT s.shard, s.floor FROM unnest(shards, floors) WITH ORDINALITY AS s(shard, floor, place)
    CROSS JOIN LATERAL (
      SELECT FROM tenantry.outbox_pending p
      WHERE (p.shard, p.enqueue_no) >= (s.shard, s.floor) AND (p.shard, p.enqueue_no) <= (s.shard, 9223372036854775807)
      ORDER BY p.shard, p.enqueue_no LIMIT 1
    ) AS any_pointer
    ORDER BY s.place LIMIT max_shards
  ), head AS MATERIALIZED (
    SELECT p.* FROM waiting w CROSS JOIN LATERAL (
      SELECT p.shard, p.enqueue_no, p.tenant_id, p.event_id, p.occurred_at FROM tenantry.outbox_pending p
      WHERE (p.shard, p.enqueue_no) >= (w.shard, w.floor) AND (p.shard, p.enqueue_no) <= (w.shard, 9223372036854775807)
      ORDER BY p.shard, p.enqueue_no LIMIT max_pointers
    ) p
  ), changed AS MATERIALIZED (
    SELECT h.shard, h.tenant_id, array_agg(p.enqueue_no) AS pointers
    FROM (SELECT DISTINCT h.shard, h.tenant_id, w.floor FROM head h JOIN waiting w ON w.shard = h.shard) h CROSS JOIN LATERAL (
      SELECT p.enqueue_no FROM tenantry.outbox_pending p
      WHERE p.topic = 'state' AND p.tenant_id = h.tenant_id AND p.enqueue_no >= h.floor OFFSET 0
    ) p
    GROUP BY h.shard, h.tenant_id
  )
  SELECT h.shard, h.enqueue_no, e.envelope, NULL::bigint[], NULL::uuid, NULL::jsonb, NULL::text
  FROM head h LEFT JOIN LATERAL (
    SELECT e.envelope FROM tenantry.tenant_event e WHERE e.event_id = h.event_id AND e.occurred_at = h.occurred_at LIMIT 1
  ) e ON true
  WHERE h.event_id IS NOT NULL
  UNION ALL
  SELECT c.shard, NULL::bigint, NULL::jsonb, c.pointers, t.event_id, t.record, t.traceparent
  FROM changed c LEFT JOIN LATERAL (
    SELECT t.event_id, t.record, t.traceparent FROM tenantry.tenant_state t WHERE t.tenant_id = c.tenant_id LIMIT 1
  ) t ON true;
END $$;
REVOKE EXECUTE ON FUNCTION tenantry.read_outbox(smallint[], bigint[], integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.read_outbox(smallint[], bigint[], integer, integer) TO tenantry_control;
`,
};
