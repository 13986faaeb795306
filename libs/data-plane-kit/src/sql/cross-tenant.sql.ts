/**
 * Cross-tenant access for support and finance. Whoever logs in as a member of `tenantry_support` reaches a tenant's rows
 * through one door only: an action that another transaction has committed to `support_action`, with actor, reason and expiry. The
 * policy `support_grant` asks for it on every table, so that it holds for hand-written SQL too.
 */
export const CROSS_TENANT_SQL = `
-- What support has done, one row for each action, written before anything is returned. Nobody changes or deletes it.
CREATE TABLE tenantry.support_action (
  id uuid NOT NULL,
  grant_id uuid NOT NULL,
  tenant_id uuid NOT NULL,
  actor text NOT NULL,
  reason text NOT NULL,
  access text NOT NULL,
  -- The text of the statement, without the values that were bound to it.
  statement text NOT NULL,
  expires_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL,
  login text NOT NULL,
  written_in xid8 NOT NULL,
  CONSTRAINT support_action_pkey PRIMARY KEY (id),
  CONSTRAINT support_action_actor_named CHECK (actor <> '' AND length(actor) <= 200),
  CONSTRAINT support_action_reason_given CHECK (btrim(reason) <> '' AND length(reason) <= 500),
  CONSTRAINT support_action_access_known CHECK (access IN ('read', 'write')),
  CONSTRAINT support_action_statement_bounded CHECK (length(statement) <= 4000),
  CONSTRAINT support_action_expires CHECK (expires_at > recorded_at AND expires_at <= recorded_at + interval '24 hours')
);
CREATE INDEX support_action_tenant_idx ON tenantry.support_action (tenant_id, recorded_at);

-- The participant in whose name the rows of this database go to the control plane; without a row they stay here.
CREATE TABLE tenantry.support_audit (
  only_one boolean NOT NULL DEFAULT true,
  participant text NOT NULL,
  CONSTRAINT support_audit_pkey PRIMARY KEY (only_one),
  CONSTRAINT support_audit_only_one CHECK (only_one)
);

-- Writes the row of an action and, in the same transaction, the message about it. Once for an id, whoever asks again.
CREATE FUNCTION tenantry.record_support_action(
  a uuid, grant_of uuid, t uuid, who text, why text, how text, what text, until timestamptz
) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  at timestamptz := clock_timestamp();
  sender text;
BEGIN
  INSERT INTO tenantry.support_action
    (id, grant_id, tenant_id, actor, reason, access, statement, expires_at, recorded_at, login, written_in)
  VALUES (a, grant_of, t, who, why, how, what, until, at, session_user, pg_current_xact_id())
  ON CONFLICT ON CONSTRAINT support_action_pkey DO NOTHING;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT s.participant INTO sender FROM tenantry.support_audit s;
  IF sender IS NOT NULL THEN
    INSERT INTO tenantry.acknowledgement_outbox (envelope) VALUES (json_build_object(
      'id', a,
      'source', '/tenantry/participants/' || sender,
      'type', 'participant.audit_recorded.v1',
      'time', tenantry.support_time(at),
      'subject', t,
      'data', json_build_object(
        'participant', sender, 'auditId', a, 'actor', who, 'action', 'support.' || how, 'reason', why,
        'recordedAt', tenantry.support_time(at),
        'details', json_build_object(
          'access', how, 'grant', grant_of, 'expiresAt', tenantry.support_time(until),
          'statementSha256', encode(sha256(convert_to(what, 'UTF8')), 'hex')))));
  END IF;
END $$;

CREATE FUNCTION tenantry.support_time(at timestamptz) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

-- Whether action a opens tenant t for this transaction: committed by another one, not expired, and reading only unless it says write.
CREATE FUNCTION tenantry.support_opens(a uuid, t uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN EXISTS (
  SELECT FROM tenantry.support_action s
  WHERE s.id = a AND s.tenant_id = t AND s.expires_at > clock_timestamp()
    AND s.written_in IS DISTINCT FROM pg_current_xact_id_if_assigned()
    AND (s.access = 'write' OR current_setting('transaction_read_only') = 'on')
);

-- What the policies ask: that this transaction's context was opened by an action. Refuses (TN010) instead of hiding rows.
CREATE FUNCTION tenantry.support_admits() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  action text := current_setting('tenantry.support', true);
BEGIN
  IF action IS NULL OR action = '' OR NOT tenantry.support_opens(action::uuid, tenantry.current_tenant()) THEN
    RAISE EXCEPTION 'support reaches a tenant through a recorded action only' USING ERRCODE = 'TN010';
  END IF;
  RETURN true;
END $$;

-- Opens the context of the action's tenant for support, which is let in to suspended tenants too, to read.
CREATE FUNCTION tenantry.enter_support(a uuid, t uuid, g bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  asked text;
  fenced_generation bigint;
  fenced_access text;
BEGIN
  IF a IS NULL OR t IS NULL OR g IS NULL THEN
    RAISE EXCEPTION 'enter_support needs an action, a tenant and a generation' USING ERRCODE = '22023';
  END IF;
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'enter_support works in READ COMMITTED only' USING ERRCODE = '25001';
  END IF;
  IF current_setting('tenantry.support', true) <> '' THEN
    RAISE EXCEPTION 'this transaction belongs to a tenant already' USING ERRCODE = 'TN004';
  END IF;
  SELECT s.access INTO asked FROM tenantry.support_action s WHERE s.id = a;
  IF asked IS DISTINCT FROM 'write' THEN
    PERFORM set_config('transaction_read_only', 'on', true);
  END IF;
  IF NOT tenantry.support_opens(a, t) THEN
    RAISE EXCEPTION 'support reaches a tenant through a recorded action only' USING ERRCODE = 'TN010';
  END IF;
  IF NOT pg_try_advisory_xact_lock_shared(tenantry.lock_key(t)) THEN
    RAISE EXCEPTION 'the tenant is being changed' USING ERRCODE = 'TN005';
  END IF;
  -- A statement of its own, with a snapshot younger than the lock.
  SELECT f.generation, f.access INTO fenced_generation, fenced_access FROM tenantry.fence f
  WHERE f.tenant_id = t AND NOT EXISTS (SELECT FROM tenantry.tombstone d WHERE d.tenant_id = t);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no such tenant here' USING ERRCODE = 'TN001', DETAIL = 'absent';
  ELSIF g < fenced_generation THEN
    RAISE EXCEPTION 'the route is older than the fence' USING ERRCODE = 'TN006', DETAIL = fenced_access;
  ELSIF g > fenced_generation THEN
    RAISE EXCEPTION 'the fence is older than the route' USING ERRCODE = 'TN007', DETAIL = fenced_access;
  ELSIF asked = 'write' AND fenced_access <> 'open' THEN
    RAISE EXCEPTION 'the tenant is closed' USING ERRCODE = 'TN001', DETAIL = fenced_access;
  END IF;
  PERFORM set_config('tenantry.support', a::text, true);
  PERFORM tenantry.leave_context(t);
END $$;

GRANT CREATE ON SCHEMA tenantry TO tenantry_kit;
ALTER TABLE tenantry.support_action OWNER TO tenantry_kit;
ALTER TABLE tenantry.support_audit OWNER TO tenantry_kit;
ALTER FUNCTION tenantry.record_support_action(uuid, uuid, uuid, text, text, text, text, timestamptz) OWNER TO tenantry_kit;
ALTER FUNCTION tenantry.support_time(timestamptz) OWNER TO tenantry_kit;
ALTER FUNCTION tenantry.support_opens(uuid, uuid) OWNER TO tenantry_kit;
ALTER FUNCTION tenantry.support_admits() OWNER TO tenantry_kit;
ALTER FUNCTION tenantry.enter_support(uuid, uuid, bigint) OWNER TO tenantry_kit;
REVOKE CREATE ON SCHEMA tenantry FROM tenantry_kit;
GRANT INSERT ON tenantry.acknowledgement_outbox TO tenantry_kit;

REVOKE EXECUTE ON FUNCTION tenantry.record_support_action(uuid, uuid, uuid, text, text, text, text, timestamptz),
  tenantry.support_time(timestamptz), tenantry.support_opens(uuid, uuid), tenantry.support_admits(),
  tenantry.enter_support(uuid, uuid, bigint) FROM PUBLIC;
GRANT USAGE ON SCHEMA tenantry TO tenantry_support;
GRANT EXECUTE ON FUNCTION tenantry.record_support_action(uuid, uuid, uuid, text, text, text, text, timestamptz),
  tenantry.support_admits(), tenantry.enter_support(uuid, uuid, bigint) TO tenantry_support;
GRANT SELECT ON tenantry.support_action, tenantry.route_snapshot TO tenantry_support;
-- To be counted in the evidence of a purge, which they outlive.
GRANT SELECT (tenant_id) ON tenantry.support_action TO tenantry_provisioner;

-- The tables that there are already; those to come get it with their row security.
DO $$ DECLARE found record; BEGIN
  FOR found IN
    SELECT n.nspname AS schema, c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS forced,
      EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS tenants
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname ~ '^(pooled_|t_[0-9a-f]{32}_)' AND c.relowner = 'tenantry_provisioner'::regrole
  LOOP
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO tenantry_support', found.schema);
    EXECUTE format('GRANT %s ON %I.%I TO tenantry_support',
      CASE WHEN found.tenants THEN 'SELECT, INSERT, UPDATE, DELETE' ELSE 'SELECT' END, found.schema, found.name);
    IF found.forced THEN
      EXECUTE format('CREATE POLICY support_grant ON %I.%I AS RESTRICTIVE TO tenantry_support '
        'USING ((SELECT tenantry.support_admits())) WITH CHECK ((SELECT tenantry.support_admits()))', found.schema, found.name);
    END IF;
  END LOOP;
END $$;
`;
