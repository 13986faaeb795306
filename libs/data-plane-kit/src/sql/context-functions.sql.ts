import { MARKERS, type ContextMarker } from './context-marker.sql.js';

/** How contexts are opened in a database, and what its policies go by. */
export interface ContextForm {
  /** What `current_tenant` believes. */
  readonly trusts: ContextMarker;
  /** What `enter` and `maintain` leave; while a service switches, the marker of both sides. */
  readonly leaves: readonly ContextMarker[];
  /** Whether `enter` without a token opens a context. */
  readonly unsignedAccepted: boolean;
  /**
   * What becomes of a token: in a tenant's own database it is not looked at, since there is nobody else to become, and a
   * key has no place in what may be handed to that tenant.
   */
  readonly tokens: 'verified' | 'ignored';
}

/** The form of a tenant's own database, whatever the installation says about the shared ones. */
export const DEDICATED_FORM: ContextForm = {
  trusts: 'plain',
  leaves: ['plain'],
  unsignedAccepted: true,
  tokens: 'ignored',
};

/**
 * The functions of the tenant context in one form, to be put in the place of those that are there: owner, rights and the
 * policies that call them stay. That the form is in their text, and in no table that they would have to read, is what keeps
 * the unsigned one as fast as it was.
 */
export function contextFunctionsSql(form: ContextForm): string {
  return [
    currentTenantSql(form),
    unsignedEnterSql(form),
    form.tokens === 'verified' ? signedEnterSql(form) : IGNORING_ENTER_SQL,
    maintainSql(form),
    leaveContextSql(form),
  ].join('\n');
}

/** As `tenantry.lock_key`, written out: a call of it costs as much as all the rest of entering. */
const LOCK_KEY = 'hashtextextended(t::text, 7)';
const SETTINGS = 'SET search_path = pg_catalog, pg_temp';

function currentTenantSql({ trusts }: ContextForm): string {
  const { read, keyed } = MARKERS[trusts];
  return `
-- The tenant of this transaction; refuses (TN002) where there is none, so that a forgotten context is never an empty answer.
CREATE OR REPLACE FUNCTION tenantry.current_tenant() RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED${keyed ? ' SECURITY DEFINER' : ''} ${SETTINGS} AS $$
DECLARE
  marker text;${keyed ? SERVER_KEY : ''}
BEGIN${keyed ? LOAD_SERVER_KEY : ''}
  marker := ${read};
  IF marker IS NULL OR marker = '' THEN
    RAISE EXCEPTION 'there is no tenant context' USING ERRCODE = 'TN002';
  END IF;
  RETURN marker::uuid;
END $$;`;
}

const SERVER_KEY = `
  server_inner bytea;
  server_outer bytea;`;

const LOAD_SERVER_KEY = `
  SELECT s.inner_pad, s.outer_pad INTO server_inner, server_outer FROM tenantry.context_signing s;`;

/** Whether what enters has to know the server's key. */
function isKeyed({ trusts, leaves }: ContextForm): boolean {
  return [trusts, ...leaves].some((marker) => MARKERS[marker].keyed);
}

function unsignedEnterSql(form: ContextForm): string {
  const opening = `
-- Opens the context of tenant t for a caller who knows its route as of generation g; mode 'w', or 'r' for read only.
CREATE OR REPLACE FUNCTION tenantry.enter(t uuid, g bigint, m text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER ${SETTINGS} AS $$`;
  if (!form.unsignedAccepted)
    return `${opening}
BEGIN
  RAISE EXCEPTION 'a context is opened with a token here' USING ERRCODE = 'TN003', DETAIL = 'unsigned';
END $$;`;
  return `${opening}
DECLARE${enterVariables(form)}
BEGIN
  IF t IS NULL OR g IS NULL OR m IS NULL OR m NOT IN ('r', 'w') THEN
    RAISE EXCEPTION 'enter needs a tenant, a generation and the mode r or w' USING ERRCODE = '22023';
  END IF;${enterSteps(form)}
END $$;`;
}

/** FENCE.md, 2: who asks is known before anything of the tenant is touched, its lock included. */
function signedEnterSql(form: ContextForm): string {
  return `
-- The same with a token: e is when it expires (milliseconds since 1970), k its key, p the server process it is for or 0.
CREATE OR REPLACE FUNCTION tenantry.enter(t uuid, g bigint, m text, e bigint, k integer, mac bytea, p integer) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER ${SETTINGS} AS $$
DECLARE
  time_left double precision := e - 1000 * date_part('epoch', clock_timestamp());
  genuine boolean;${enterVariables(form)}
BEGIN
  IF t IS NULL OR g IS NULL OR m IS NULL OR m NOT IN ('r', 'w') OR e IS NULL OR k IS NULL OR mac IS NULL OR p IS NULL THEN
    RAISE EXCEPTION 'enter needs a tenant, a generation, the mode r or w, and a token' USING ERRCODE = '22023';
  ELSIF p NOT IN (0, pg_backend_pid()) THEN
    RAISE EXCEPTION 'the token is for another connection' USING ERRCODE = 'TN003', DETAIL = 'process';
  ELSIF time_left <= 0 THEN
    RAISE EXCEPTION 'the token has expired' USING ERRCODE = 'TN003', DETAIL = 'expired';
  -- Who shows one that is bound to no connection could have got it on another.
  ELSIF time_left > (CASE p WHEN 0 THEN 10000 ELSE 60000 END) THEN
    RAISE EXCEPTION 'the token is good for too long' USING ERRCODE = 'TN003', DETAIL = 'expiry';
  END IF;
  SELECT sha256(mac) = sha256(sha256(held.outer_pad || sha256(held.inner_pad
           || convert_to(t::text || '|' || g || '|' || m || '|' || e || '|' || p, 'UTF8'))))
  INTO genuine FROM tenantry.context_key held
  WHERE held.key_id = k AND (held.retired_at IS NULL OR held.retired_at > clock_timestamp());
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the key of the token is not known here' USING ERRCODE = 'TN003', DETAIL = 'key';
  ELSIF NOT genuine THEN
    RAISE EXCEPTION 'the token is forged' USING ERRCODE = 'TN003', DETAIL = 'signature';
  END IF;${enterSteps(form)}
END $$;`;
}

const IGNORING_ENTER_SQL = `
-- The same for a caller who signs; the token says nothing that could matter in a tenant's own database.
CREATE OR REPLACE FUNCTION tenantry.enter(t uuid, g bigint, m text, e bigint, k integer, mac bytea, p integer) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER ${SETTINGS} AS $$
BEGIN
  PERFORM tenantry.enter(t, g, m);
END $$;`;

function enterVariables(form: ContextForm): string {
  return `
  marker text;
  fenced_generation bigint;
  fenced_access text;${isKeyed(form) ? SERVER_KEY : ''}`;
}

function enterSteps(form: ContextForm): string {
  return `${refuseOtherTenant(form)}
  -- Not had while a freezer holds it or waits for it: no new entrant goes past one.
  IF NOT pg_try_advisory_xact_lock_shared(${LOCK_KEY}) THEN
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
${leave(form.leaves)}`;
}

function maintainSql(form: ContextForm): string {
  return `
-- Opens the context of tenant t for work that runs while the fence is absent or frozen. Waits for the exclusive lock
-- (set lock_timeout before), and refuses whoever was overtaken by a newer request or by the purge. It takes no token: who
-- provisions may enter every tenant as it is, and whoever serves may not call this.
CREATE OR REPLACE FUNCTION tenantry.maintain(t uuid, g bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER ${SETTINGS} AS $$
DECLARE
  marker text;${isKeyed(form) ? SERVER_KEY : ''}
BEGIN
  IF t IS NULL OR g IS NULL THEN
    RAISE EXCEPTION 'maintain needs a tenant and a generation' USING ERRCODE = '22023';
  END IF;
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'maintain works in READ COMMITTED only' USING ERRCODE = '25001';
  END IF;${refuseOtherTenant(form)}
  PERFORM pg_advisory_xact_lock(tenantry.lock_key(t));
  IF EXISTS (SELECT FROM tenantry.tombstone d WHERE d.tenant_id = t AND d.generation > g) THEN
    RAISE EXCEPTION 'the tenant was purged' USING ERRCODE = 'TN008';
  END IF;
  IF EXISTS (SELECT FROM tenantry.fence f WHERE f.tenant_id = t AND f.generation > g) THEN
    RAISE EXCEPTION 'the request is older than the fence' USING ERRCODE = 'TN006';
  END IF;
${leave(form.leaves)}
END $$;`;
}

function leaveContextSql({ leaves }: ContextForm): string {
  const keyed = leaves.some((marker) => MARKERS[marker].keyed);
  return `
-- Makes t the tenant of this transaction, for the kit's other functions; nobody who logs in may call it.
CREATE OR REPLACE FUNCTION tenantry.leave_context(t uuid) RETURNS void
LANGUAGE plpgsql VOLATILE ${SETTINGS} AS $$
DECLARE
  marker text;${keyed ? SERVER_KEY : ''}
BEGIN${keyed ? LOAD_SERVER_KEY : ''}
${leave(leaves)}
END $$;`;
}

function refuseOtherTenant(form: ContextForm): string {
  const { present, read, ofTenant } = MARKERS[form.trusts];
  return `${isKeyed(form) ? LOAD_SERVER_KEY : ''}
  IF ${present} THEN
    marker := ${read};
    IF marker <> ${ofTenant} THEN
      RAISE EXCEPTION 'this transaction belongs to another tenant' USING ERRCODE = 'TN004';
    END IF;
  END IF;`;
}

function leave(markers: readonly ContextMarker[]): string {
  return markers.map((marker) => `  ${MARKERS[marker].leave}`).join('\n');
}
