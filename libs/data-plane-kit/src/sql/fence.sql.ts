/** The writers of the fence; each takes the tenant's lock exclusively and thus waits for the transactions that are in. */
export const FENCE_SQL = `
-- Raises the fence to generation g. The access 'keep' leaves it as it is, and frozen where there was none.
-- Refuses an older generation (TN006) and a tenant whose purge has begun (TN008). Returns the access that holds now.
CREATE FUNCTION tenantry.set_fence(t uuid, g bigint, new_access text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  held tenantry.fence;
BEGIN
  IF t IS NULL OR g IS NULL OR new_access IS NULL THEN
    RAISE EXCEPTION 'set_fence needs a tenant, a generation and an access' USING ERRCODE = '22023';
  END IF;
  PERFORM pg_advisory_xact_lock(tenantry.lock_key(t));
  IF EXISTS (SELECT FROM tenantry.tombstone d WHERE d.tenant_id = t) THEN
    RAISE EXCEPTION 'the tenant was purged' USING ERRCODE = 'TN008';
  END IF;
  SELECT * INTO held FROM tenantry.fence f WHERE f.tenant_id = t FOR UPDATE;
  IF held.generation > g THEN
    RAISE EXCEPTION 'the request is older than the fence' USING ERRCODE = 'TN006';
  END IF;
  IF new_access = 'keep' THEN
    new_access := coalesce(held.access, 'frozen');
  END IF;
  INSERT INTO tenantry.fence AS f (tenant_id, generation, access) VALUES (t, g, new_access)
  ON CONFLICT ON CONSTRAINT fence_pkey DO UPDATE SET generation = excluded.generation, access = excluded.access, changed_at = now()
    WHERE (f.generation, f.access) IS DISTINCT FROM (excluded.generation, excluded.access);
  RETURN new_access;
END $$;

-- Begins a purge: the tombstone stands from now on, and the fence is frozen while the purge runs.
CREATE FUNCTION tenantry.bury(t uuid, g bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF t IS NULL OR g IS NULL THEN
    RAISE EXCEPTION 'bury needs a tenant and a generation' USING ERRCODE = '22023';
  END IF;
  PERFORM pg_advisory_xact_lock(tenantry.lock_key(t));
  PERFORM FROM tenantry.fence f WHERE f.tenant_id = t FOR UPDATE;
  IF EXISTS (SELECT FROM tenantry.fence f WHERE f.tenant_id = t AND f.generation > g)
    OR EXISTS (SELECT FROM tenantry.tombstone d WHERE d.tenant_id = t AND d.generation > g) THEN
    RAISE EXCEPTION 'the request is older than the fence' USING ERRCODE = 'TN006';
  END IF;
  INSERT INTO tenantry.tombstone AS d (tenant_id, generation) VALUES (t, g)
  ON CONFLICT ON CONSTRAINT tombstone_pkey DO UPDATE SET generation = excluded.generation;
  INSERT INTO tenantry.fence (tenant_id, generation, access) VALUES (t, g, 'frozen')
  ON CONFLICT ON CONSTRAINT fence_pkey DO UPDATE SET generation = excluded.generation, access = 'frozen', changed_at = now();
END $$;

-- Ends a purge: only the tombstone is left, and it keeps the tenant out by itself.
CREATE FUNCTION tenantry.drop_fence(t uuid) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(tenantry.lock_key(t));
  IF NOT EXISTS (SELECT FROM tenantry.tombstone d WHERE d.tenant_id = t) THEN
    RAISE EXCEPTION 'a fence goes with its tenant only' USING ERRCODE = '55000';
  END IF;
  DELETE FROM tenantry.fence f WHERE f.tenant_id = t;
END $$;

-- Ends the sessions that keep a freezer of this tenant waiting; returns how many. Needs pg_signal_backend.
CREATE FUNCTION tenantry.terminate_holders(t uuid) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(*) FILTER (WHERE pg_terminate_backend(l.pid))::integer
  FROM (
    SELECT DISTINCT pid FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND pid <> pg_backend_pid()
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (classid::bigint << 32 | objid::bigint) = tenantry.lock_key(t)
  ) l;
$$;
`;
