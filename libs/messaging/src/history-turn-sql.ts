import type { SqlMigration } from '@tenantry/database';

/**
 * The turn of looking after the event history, which one replica has at a time. Without it, replicas that look at the same moment
 * have each read what the others want to lock, and all of them wait for each other until they give up. Group role
 * `tenantry_control` may take the turn, which ends with the transaction; writers and readers of the history notice nothing.
 *
 * And a month that events already wait for is made under a lock of the whole history: a reader that had planned without the month
 * and then waited for the default partition would find the events in neither. Needs HISTORY_SQL before it.
 */
export const HISTORY_TURN_SQL: SqlMigration = {
  name: 'messaging-0006-history-turn',
  sql: `
CREATE FUNCTION tenantry.take_history_turn() RETURNS void LANGUAGE plpgsql VOLATILE
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' AS $$
BEGIN
  LOCK TABLE tenantry.tenant_event IN SHARE UPDATE EXCLUSIVE MODE;
END $$;
REVOKE EXECUTE ON FUNCTION tenantry.take_history_turn() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.take_history_turn() TO tenantry_control;

-- Makes the month that a time is in, and moves into it what has been waiting in the default partition. Answers its name, or NULL
-- when it is there. Readers and writers go on meanwhile, unless something is moved. A month is filled before it is attached.
CREATE OR REPLACE FUNCTION tenantry.make_history_month(at timestamptz) RETURNS text LANGUAGE plpgsql VOLATILE
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO' SET lock_timeout = '1s' AS $$
DECLARE
  first timestamptz := date_trunc('month', at);
  month text := 'tenant_event_' || to_char(at, 'YYYY_MM');
  waiting boolean;
BEGIN
  IF to_regclass('tenantry.' || month) IS NOT NULL THEN RETURN NULL; END IF;
  -- One at a time.
  LOCK TABLE tenantry.tenant_event IN SHARE UPDATE EXCLUSIVE MODE;
  IF to_regclass('tenantry.' || month) IS NOT NULL THEN RETURN NULL; END IF;
  waiting := EXISTS (SELECT FROM tenantry.tenant_event_default e
    WHERE e.occurred_at >= first AND e.occurred_at < first + interval '1 month');
  IF waiting THEN
    -- Everybody else waits meanwhile, behind whoever reads for long.
    PERFORM set_config('lock_timeout', '200ms', true);
    LOCK TABLE tenantry.tenant_event IN ACCESS EXCLUSIVE MODE;
  END IF;
  LOCK TABLE tenantry.tenant_event_default IN ACCESS EXCLUSIVE MODE;
  IF NOT waiting AND EXISTS (SELECT FROM tenantry.tenant_event_default e
      WHERE e.occurred_at >= first AND e.occurred_at < first + interval '1 month') THEN
    RAISE EXCEPTION 'events of % came meanwhile', month USING ERRCODE = 'lock_not_available', HINT = 'It is tried again.';
  END IF;
  EXECUTE format('CREATE TABLE tenantry.%I (LIKE tenantry.tenant_event INCLUDING ALL, CONSTRAINT %I UNIQUE (tenant_id, tenant_seq))',
    month, month || '_seq_key');
  EXECUTE format('WITH moved AS (
      DELETE FROM tenantry.tenant_event_default WHERE occurred_at >= $1 AND occurred_at < $1 + interval ''1 month'' RETURNING *
    ) INSERT INTO tenantry.%I SELECT * FROM moved', month) USING first;
  EXECUTE format('ALTER TABLE tenantry.tenant_event ATTACH PARTITION tenantry.%I FOR VALUES FROM (%L) TO (%L)',
    month, first, first + interval '1 month');
  RETURN month;
END $$;
`,
};
