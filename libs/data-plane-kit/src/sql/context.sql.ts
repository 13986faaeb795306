/**
 * The tenant context: `enter` for those who serve, `maintain` for the provisioner, `current_tenant` for the policies.
 * FENCE: one VOLATILE plpgsql function takes the lock and only then, in a statement of its own with a new snapshot, reads
 * the fence; a single statement, or a STABLE function, would read what was true before the wait for the lock.
 */
export const CONTEXT_SQL = `
-- The advisory lock that everything about one tenant's fence goes through.
CREATE FUNCTION tenantry.lock_key(t uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN hashtextextended(t::text, 7);

-- The tenant of this transaction; refuses (TN002) where there is none, so that a forgotten context is never an empty answer.
CREATE FUNCTION tenantry.current_tenant() RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  marker text := current_setting('tenantry.tenant', true);
BEGIN
  IF marker IS NULL OR marker = '' THEN
    RAISE EXCEPTION 'there is no tenant context' USING ERRCODE = 'TN002';
  END IF;
  RETURN marker::uuid;
END $$;

-- Opens the context of tenant t for a caller who knows its route as of generation g; mode 'w', or 'r' for read only.
CREATE FUNCTION tenantry.enter(t uuid, g bigint, m text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  marker text := current_setting('tenantry.tenant', true);
  fenced_generation bigint;
  fenced_access text;
BEGIN
  IF t IS NULL OR g IS NULL OR m IS NULL OR m NOT IN ('r', 'w') THEN
    RAISE EXCEPTION 'enter needs a tenant, a generation and the mode r or w' USING ERRCODE = '22023';
  END IF;
  IF marker <> '' AND marker <> t::text THEN
    RAISE EXCEPTION 'this transaction belongs to another tenant' USING ERRCODE = 'TN004';
  END IF;
  -- Not had while a freezer holds it or waits for it: no new entrant goes past one.
  IF NOT pg_try_advisory_xact_lock_shared(tenantry.lock_key(t)) THEN
    RAISE EXCEPTION 'the tenant is being changed' USING ERRCODE = 'TN005';
  END IF;
  IF current_setting('transaction_isolation') = 'read committed' THEN
    SELECT f.generation, f.access INTO fenced_generation, fenced_access FROM tenantry.fence f WHERE f.tenant_id = t;
  ELSE
    -- Here the snapshot is the caller's, older than the lock; the row lock turns a stale one into 40001.
    SELECT f.generation, f.access INTO fenced_generation, fenced_access FROM tenantry.fence f WHERE f.tenant_id = t FOR SHARE;
  END IF;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no such tenant here' USING ERRCODE = 'TN001', DETAIL = 'absent';
  ELSIF g < fenced_generation THEN
    RAISE EXCEPTION 'the route is older than the fence' USING ERRCODE = 'TN006', DETAIL = fenced_access;
  ELSIF g > fenced_generation THEN
    RAISE EXCEPTION 'the fence is older than the route' USING ERRCODE = 'TN007', DETAIL = fenced_access;
  ELSIF fenced_access = 'frozen' OR (fenced_access = 'read_only' AND m <> 'r') THEN
    RAISE EXCEPTION 'the tenant is closed' USING ERRCODE = 'TN001', DETAIL = fenced_access;
  END IF;
  IF m = 'r' THEN
    PERFORM set_config('transaction_read_only', 'on', true);
  END IF;
  PERFORM set_config('tenantry.tenant', t::text, true);
END $$;

-- Opens the context of tenant t for work that runs while the fence is absent or frozen. Waits for the exclusive lock
-- (set lock_timeout before), and refuses whoever was overtaken by a newer request or by the purge.
CREATE FUNCTION tenantry.maintain(t uuid, g bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  marker text := current_setting('tenantry.tenant', true);
BEGIN
  IF t IS NULL OR g IS NULL THEN
    RAISE EXCEPTION 'maintain needs a tenant and a generation' USING ERRCODE = '22023';
  END IF;
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'maintain works in READ COMMITTED only' USING ERRCODE = '25001';
  END IF;
  IF marker <> '' AND marker <> t::text THEN
    RAISE EXCEPTION 'this transaction belongs to another tenant' USING ERRCODE = 'TN004';
  END IF;
  PERFORM pg_advisory_xact_lock(tenantry.lock_key(t));
  IF EXISTS (SELECT FROM tenantry.tombstone d WHERE d.tenant_id = t AND d.generation > g) THEN
    RAISE EXCEPTION 'the tenant was purged' USING ERRCODE = 'TN008';
  END IF;
  IF EXISTS (SELECT FROM tenantry.fence f WHERE f.tenant_id = t AND f.generation > g) THEN
    RAISE EXCEPTION 'the request is older than the fence' USING ERRCODE = 'TN006';
  END IF;
  PERFORM set_config('tenantry.tenant', t::text, true);
END $$;
`;
