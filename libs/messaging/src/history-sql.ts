import type { SqlMigration } from '@tenantry/database';

/** Functions that act as the owner of the tables, with names, dates and times that no session can bend. */
const definer = `SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO' SET lock_timeout = '1s'`;

/**
 * The event history in partitions of a month each (UTC, by `occurred_at`), named `tenant_event_2026_11`, and whatever no month is
 * made for in `tenant_event_default`, so that a write is never refused for want of one. Needs OUTBOX_SQL and EMBEDDED_TRANSPORT_SQL
 * before it.
 *
 * A pointer carries `occurred_at` of its event: with it a month can be found, and with it alone a month is known to be needed.
 *
 * Group role `tenantry_control` may make months and drop them, the latter only past the guards of `drop_history_month`.
 */
export const HISTORY_SQL: SqlMigration = {
  name: 'messaging-0003-history-by-month',
  sql: `
ALTER TABLE tenantry.tenant_event RENAME TO tenant_event_whole;
ALTER TABLE tenantry.tenant_event_whole RENAME CONSTRAINT tenant_event_pkey TO tenant_event_whole_pkey;
ALTER TABLE tenantry.tenant_event_whole RENAME CONSTRAINT tenant_event_seq_key TO tenant_event_whole_seq_key;

CREATE TABLE tenantry.tenant_event (
  event_id uuid NOT NULL,
  tenant_id uuid NOT NULL,
  tenant_seq bigint NOT NULL,
  type text NOT NULL,
  occurred_at timestamptz NOT NULL,
  envelope jsonb NOT NULL,
  CONSTRAINT tenant_event_pkey PRIMARY KEY (event_id, occurred_at),
  CONSTRAINT tenant_event_seq_positive CHECK (tenant_seq > 0)
) PARTITION BY RANGE (occurred_at);

-- A tenant's sequence is drawn under its row lock. That each is taken once is checked within each month, which is where a mistake
-- would happen: an index over all of them would have to contain the time.
CREATE TABLE tenantry.tenant_event_default PARTITION OF tenantry.tenant_event (
  CONSTRAINT tenant_event_default_seq_key UNIQUE (tenant_id, tenant_seq)
) DEFAULT;

CREATE FUNCTION tenantry.history_months() RETURNS TABLE (name text, starts_at timestamptz, ends_at timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
  SELECT m.relname::text, m.first, m.first + interval '1 month'
  FROM (
    SELECT c.relname, to_timestamp(right(c.relname, 7), 'YYYY_MM') AS first
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'tenantry.tenant_event'::regclass AND c.relname ~ '^tenant_event_[0-9]{4}_[0-9]{2}$'
  ) m ORDER BY m.first
$$;

-- Makes the month that a time is in, and moves into it what has been waiting in the default partition. Answers its name, or NULL
-- when it is there. Writers go on meanwhile, except into the default partition. A month is filled before it is attached.
CREATE FUNCTION tenantry.make_history_month(at timestamptz) RETURNS text LANGUAGE plpgsql VOLATILE ${definer} AS $$
DECLARE
  first timestamptz := date_trunc('month', at);
  month text := 'tenant_event_' || to_char(at, 'YYYY_MM');
BEGIN
  IF to_regclass('tenantry.' || month) IS NOT NULL THEN RETURN NULL; END IF;
  -- One at a time.
  LOCK TABLE tenantry.tenant_event IN SHARE UPDATE EXCLUSIVE MODE;
  IF to_regclass('tenantry.' || month) IS NOT NULL THEN RETURN NULL; END IF;
  LOCK TABLE tenantry.tenant_event_default IN ACCESS EXCLUSIVE MODE;
  EXECUTE format('CREATE TABLE tenantry.%I (LIKE tenantry.tenant_event INCLUDING ALL, CONSTRAINT %I UNIQUE (tenant_id, tenant_seq))',
    month, month || '_seq_key');
  EXECUTE format('WITH moved AS (
      DELETE FROM tenantry.tenant_event_default WHERE occurred_at >= $1 AND occurred_at < $1 + interval ''1 month'' RETURNING *
    ) INSERT INTO tenantry.%I SELECT * FROM moved', month) USING first;
  EXECUTE format('ALTER TABLE tenantry.tenant_event ATTACH PARTITION tenantry.%I FOR VALUES FROM (%L) TO (%L)',
    month, first, first + interval '1 month');
  RETURN month;
END $$;

-- Makes this month and so many after it, and those that the default partition holds events of. Answers the names of the new ones.
CREATE FUNCTION tenantry.make_history_months(ahead integer) RETURNS SETOF text LANGUAGE plpgsql VOLATILE ${definer} AS $$
DECLARE
  at timestamptz;
  month text;
BEGIN
  FOREACH at IN ARRAY ARRAY(
    SELECT date_trunc('month', now()) + n * interval '1 month' FROM generate_series(0, ahead) n
    UNION
    SELECT date_trunc('month', e.occurred_at) FROM tenantry.tenant_event_default e
    WHERE e.occurred_at >= '2000-01-01' AND e.occurred_at < '9999-01-01'
    ORDER BY 1)
  LOOP
    month := tenantry.make_history_month(at);
    IF month IS NOT NULL THEN RETURN NEXT month; END IF;
  END LOOP;
END $$;

-- Drops a month that ended kept_ms ago or earlier, if nothing needs it any more. Answers NULL when it is gone, else what keeps it.
-- While it looks, nothing can be written into the month and no group can join; everything else goes on. The rest is locked for the
-- drop alone, and whoever waits for it waits a second at most.
CREATE FUNCTION tenantry.drop_history_month(month text, kept_ms bigint) RETURNS text LANGUAGE plpgsql VOLATILE ${definer} AS $$
DECLARE
  first timestamptz;
  past timestamptz;
  keeper text;
BEGIN
  SELECT m.starts_at, m.ends_at INTO first, past FROM tenantry.history_months() m WHERE m.name = month;
  IF NOT FOUND THEN RETURN 'there is no such month'; END IF;
  IF past > tenantry.now() - kept_ms * interval '1 millisecond' THEN RETURN 'it is not old enough'; END IF;

  LOCK TABLE tenantry.transport_group IN SHARE MODE;
  EXECUTE format('LOCK TABLE tenantry.%I IN SHARE MODE', month);

  -- A pointer without a time is of a version before this one, and could point anywhere.
  IF EXISTS (SELECT FROM tenantry.outbox_pending p
      WHERE p.event_id IS NOT NULL AND (p.occurred_at IS NULL OR p.occurred_at >= first AND p.occurred_at < past)) THEN
    RETURN 'something of it is still to be sent';
  END IF;

  EXECUTE format('
    SELECT ''group '' || g.grp || '' has not passed it, at tenant '' || e.tenant_id
    FROM (SELECT tenant_id, max(tenant_seq) AS seq FROM tenantry.%I GROUP BY tenant_id) e
    CROSS JOIN tenantry.transport_group g
    LEFT JOIN tenantry.position p ON p.grp = g.grp AND p.tenant_id = e.tenant_id
    WHERE p.last_seq IS NULL OR p.last_seq < e.seq LIMIT 1', month) INTO keeper;
  IF keeper IS NOT NULL THEN RETURN keeper; END IF;

  EXECUTE format('
    SELECT ''no state record that was sent covers it, of tenant '' || e.tenant_id
    FROM (SELECT tenant_id, max(tenant_seq) AS seq FROM tenantry.%I GROUP BY tenant_id) e
    LEFT JOIN tenantry.tenant_state s ON s.tenant_id = e.tenant_id
    WHERE s.tenant_seq IS NULL OR s.tenant_seq < e.seq
      OR EXISTS (SELECT FROM tenantry.outbox_pending p WHERE p.tenant_id = e.tenant_id AND p.topic = ''state'' AND p.tenant_seq <= e.seq)
    LIMIT 1', month) INTO keeper;
  IF keeper IS NOT NULL THEN RETURN keeper; END IF;

  LOCK TABLE tenantry.tenant_event IN ACCESS EXCLUSIVE MODE;
  EXECUTE format('DROP TABLE tenantry.%I', month);
  RETURN NULL;
END $$;

REVOKE EXECUTE ON FUNCTION tenantry.history_months(), tenantry.make_history_month(timestamptz), tenantry.make_history_months(integer),
  tenantry.drop_history_month(text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.history_months(), tenantry.make_history_months(integer), tenantry.drop_history_month(text, bigint)
  TO tenantry_control;
GRANT SELECT, INSERT ON tenantry.tenant_event TO tenantry_control;

DO $$ BEGIN
  PERFORM tenantry.make_history_months(3);
  PERFORM tenantry.make_history_month(m.at)
  FROM (SELECT DISTINCT date_trunc('month', occurred_at, 'UTC') AS at FROM tenantry.tenant_event_whole
    WHERE occurred_at >= '2000-01-01' AND occurred_at < '9999-01-01') m;
END $$;
INSERT INTO tenantry.tenant_event (event_id, tenant_id, tenant_seq, type, occurred_at, envelope)
SELECT event_id, tenant_id, tenant_seq, type, occurred_at, envelope FROM tenantry.tenant_event_whole;

ALTER TABLE tenantry.outbox_pending ADD COLUMN occurred_at timestamptz;
UPDATE tenantry.outbox_pending p SET occurred_at = e.occurred_at
FROM tenantry.tenant_event_whole e WHERE e.event_id = p.event_id;
DROP TABLE tenantry.tenant_event_whole;

-- The version before this one writes pointers without the time, and may run for a while beside this one.
CREATE FUNCTION tenantry.date_pointer() RETURNS trigger LANGUAGE plpgsql ${definer} AS $$
BEGIN
  UPDATE tenantry.outbox_pending p SET occurred_at = e.occurred_at
  FROM tenantry.tenant_event e WHERE e.event_id = NEW.event_id AND p.enqueue_no = NEW.enqueue_no;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION tenantry.date_pointer() FROM PUBLIC;
CREATE TRIGGER outbox_pending_date AFTER INSERT ON tenantry.outbox_pending FOR EACH ROW
  WHEN (NEW.event_id IS NOT NULL AND NEW.occurred_at IS NULL) EXECUTE FUNCTION tenantry.date_pointer();
`,
};
