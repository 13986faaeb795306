import { groupRoleSql, type SqlMigration } from '@tenantry/database';

const definer = `SECURITY DEFINER SET search_path = pg_catalog, pg_temp`;

/**
 * The embedded transport in the control plane's database; needs OUTBOX_SQL before it. Nothing is copied: a group reads the
 * event history by its position per tenant, a due row with a lease.
 *
 * Group role `tenantry_participant` may only execute the port's functions. Who calls is taken from the login
 * (`tenantry.transport_login`), never from an argument, and a participant's groups are its own name and
 * whatever begins with its name and a dot; another's answer with SQLSTATE 42501.
 */
export const EMBEDDED_TRANSPORT_SQL: SqlMigration = {
  name: 'messaging-0002-embedded-transport',
  sql: `
CREATE TABLE tenantry.transport_login (
  login text NOT NULL,
  participant text NOT NULL,
  CONSTRAINT transport_login_pkey PRIMARY KEY (login)
);

CREATE TABLE tenantry.transport_group (
  grp text NOT NULL,
  participant text NOT NULL,
  CONSTRAINT transport_group_pkey PRIMARY KEY (grp)
);

CREATE SEQUENCE tenantry.position_lease AS bigint;
CREATE TABLE tenantry.position (
  grp text NOT NULL,
  tenant_id uuid NOT NULL,
  last_seq bigint NOT NULL,
  head_seq bigint NOT NULL,
  -- While a member works the tenant: when its lease ends. Publishing never touches it.
  due_at timestamptz NOT NULL DEFAULT now(),
  attempts integer NOT NULL DEFAULT 0,
  lease bigint NOT NULL DEFAULT 0,
  CONSTRAINT position_pkey PRIMARY KEY (grp, tenant_id)
);
CREATE INDEX position_due_idx ON tenantry.position (grp, due_at) WHERE last_seq < head_seq;

-- The envelope is json: it is never queried, and jsonb would raise on a text that another database's json accepts,
-- which would hold back the sender for ever.
CREATE SEQUENCE tenantry.acknowledgement_lease AS bigint;
CREATE TABLE tenantry.acknowledgement (
  id bigint GENERATED ALWAYS AS IDENTITY,
  participant text NOT NULL,
  subject text NOT NULL,
  envelope json NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  due_at timestamptz NOT NULL DEFAULT now(),
  attempts integer NOT NULL DEFAULT 0,
  lease bigint NOT NULL DEFAULT 0,
  CONSTRAINT acknowledgement_pkey PRIMARY KEY (id)
);
CREATE INDEX acknowledgement_subject_idx ON tenantry.acknowledgement (participant, subject, id);
CREATE INDEX acknowledgement_due_idx ON tenantry.acknowledgement (due_at);

CREATE FUNCTION tenantry.transport_participant() RETURNS text LANGUAGE plpgsql STABLE ${definer} AS $$
DECLARE me text;
BEGIN
  SELECT l.participant INTO me FROM tenantry.transport_login l WHERE l.login = session_user;
  IF me IS NULL THEN
    RAISE EXCEPTION 'login % is no participant of this installation', session_user USING ERRCODE = '42501';
  END IF;
  RETURN me;
END $$;

CREATE FUNCTION tenantry.transport_own(g text) RETURNS text LANGUAGE plpgsql STABLE ${definer} AS $$
DECLARE me text := tenantry.transport_participant();
BEGIN
  IF g = me OR starts_with(g, me || '.') THEN RETURN me; END IF;
  RAISE EXCEPTION 'group % is not one of participant %', g, me USING ERRCODE = '42501';
END $$;

-- A new group reads the history from its beginning. The table locks here and in transport_publish exclude the gap in which
-- neither the joining group sees a tenant's first event nor its publisher the group.
CREATE FUNCTION tenantry.transport_join(g text) RETURNS void LANGUAGE plpgsql VOLATILE ${definer} AS $$
DECLARE me text := tenantry.transport_own(g);
BEGIN
  IF EXISTS (SELECT FROM tenantry.transport_group t WHERE t.grp = g) THEN RETURN; END IF;
  LOCK TABLE tenantry.transport_group IN EXCLUSIVE MODE;
  INSERT INTO tenantry.transport_group (grp, participant) VALUES (g, me) ON CONFLICT (grp) DO NOTHING;
  IF FOUND THEN
    INSERT INTO tenantry.position (grp, tenant_id, last_seq, head_seq)
    SELECT g, e.tenant_id, 0, max(e.tenant_seq) FROM tenantry.tenant_event e GROUP BY e.tenant_id;
  END IF;
END $$;

CREATE FUNCTION tenantry.transport_publish(tenants uuid[], seqs bigint[], states uuid[])
RETURNS void LANGUAGE plpgsql VOLATILE ${definer} AS $$
BEGIN
  IF cardinality(tenants) > 0 THEN
    LOCK TABLE tenantry.transport_group IN ROW SHARE MODE;
    INSERT INTO tenantry.position (grp, tenant_id, last_seq, head_seq)
    SELECT t.grp, m.tenant_id, 0, max(m.seq)
    FROM tenantry.transport_group t CROSS JOIN unnest(tenants, seqs) AS m(tenant_id, seq)
    GROUP BY t.grp, m.tenant_id ORDER BY t.grp, m.tenant_id
    ON CONFLICT (grp, tenant_id) DO UPDATE SET head_seq = greatest(position.head_seq, excluded.head_seq);
    PERFORM pg_notify('tenantry_position', '');
  END IF;
  PERFORM pg_notify('tenantry_state', s.tenant_id::text) FROM unnest(states) AS s(tenant_id);
END $$;

CREATE FUNCTION tenantry.transport_claim(g text, max_tenants integer, lease_ms integer)
RETURNS TABLE (tenant_id uuid, last_seq bigint, lease bigint, attempts integer) LANGUAGE plpgsql VOLATILE ${definer} AS $$
BEGIN
  PERFORM tenantry.transport_own(g);
  RETURN QUERY
  WITH due AS MATERIALIZED (
    SELECT c.tenant_id FROM tenantry.position c
    WHERE c.grp = g AND c.due_at <= now() AND c.last_seq < c.head_seq
    ORDER BY c.due_at LIMIT max_tenants FOR UPDATE SKIP LOCKED
  )
  UPDATE tenantry.position p
  SET due_at = now() + lease_ms * interval '1 millisecond', lease = nextval('tenantry.position_lease')
  FROM due WHERE p.grp = g AND p.tenant_id = due.tenant_id
  RETURNING p.tenant_id, p.last_seq, p.lease, p.attempts;
END $$;

CREATE FUNCTION tenantry.transport_events(g text, tenant uuid, after bigint, max_events integer)
RETURNS TABLE (tenant_seq bigint, envelope jsonb) LANGUAGE plpgsql STABLE ${definer} AS $$
BEGIN
  PERFORM tenantry.transport_own(g);
  RETURN QUERY
  SELECT e.tenant_seq, e.envelope FROM tenantry.position p
  JOIN tenantry.tenant_event e ON e.tenant_id = p.tenant_id AND e.tenant_seq > after AND e.tenant_seq <= p.head_seq
  WHERE p.grp = g AND p.tenant_id = tenant
  ORDER BY e.tenant_seq LIMIT max_events;
END $$;

-- One step along the history, only for the holder of the lease and only from where it stood.
CREATE FUNCTION tenantry.transport_advance(g text, tenant uuid, held bigint, from_seq bigint, to_seq bigint)
RETURNS boolean LANGUAGE plpgsql VOLATILE ${definer} AS $$
BEGIN
  PERFORM tenantry.transport_own(g);
  UPDATE tenantry.position p SET last_seq = to_seq, attempts = 0
  WHERE p.grp = g AND p.tenant_id = tenant AND p.lease = held AND p.last_seq = from_seq AND to_seq <= p.head_seq
    AND to_seq = (SELECT min(e.tenant_seq) FROM tenantry.tenant_event e WHERE e.tenant_id = tenant AND e.tenant_seq > from_seq);
  RETURN FOUND;
END $$;

CREATE FUNCTION tenantry.transport_renew(g text, tenant uuid, held bigint, lease_ms integer)
RETURNS boolean LANGUAGE plpgsql VOLATILE ${definer} AS $$
BEGIN
  PERFORM tenantry.transport_own(g);
  UPDATE tenantry.position p SET due_at = now() + lease_ms * interval '1 millisecond'
  WHERE p.grp = g AND p.tenant_id = tenant AND p.lease = held;
  RETURN FOUND;
END $$;

-- Hands the tenant back: due at once, or after a failure when retry_ms is given. A new lease shuts out the old holder.
CREATE FUNCTION tenantry.transport_release(g text, tenant uuid, held bigint, retry_ms integer)
RETURNS void LANGUAGE plpgsql VOLATILE ${definer} AS $$
BEGIN
  PERFORM tenantry.transport_own(g);
  UPDATE tenantry.position p
  SET due_at = now() + coalesce(retry_ms, 0) * interval '1 millisecond', lease = nextval('tenantry.position_lease'),
    attempts = CASE WHEN retry_ms IS NULL THEN p.attempts ELSE p.attempts + 1 END
  WHERE p.grp = g AND p.tenant_id = tenant AND p.lease = held;
END $$;

-- The subjects come beside the envelopes, in the same order: reading one out of an envelope would decode all of its text
-- and raise on what json holds and text cannot, and then no message of the sender would ever pass.
CREATE FUNCTION tenantry.transport_acknowledge(subjects text[], envelopes json[]) RETURNS void
LANGUAGE plpgsql VOLATILE ${definer} AS $$
DECLARE me text := tenantry.transport_participant();
BEGIN
  INSERT INTO tenantry.acknowledgement (participant, subject, envelope)
  SELECT me, left(coalesce(m.subject, ''), 200), m.envelope
  FROM unnest(subjects, envelopes) WITH ORDINALITY AS m(subject, envelope, place) ORDER BY m.place;
  PERFORM pg_notify('tenantry_acknowledgement', '');
END $$;

CREATE FUNCTION tenantry.transport_state_page(after uuid, max_tenants integer)
RETURNS TABLE (tenant_id uuid, record jsonb) LANGUAGE plpgsql STABLE ${definer} AS $$
BEGIN
  PERFORM tenantry.transport_participant();
  RETURN QUERY
  SELECT s.tenant_id, s.record FROM tenantry.tenant_state s
  WHERE after IS NULL OR s.tenant_id > after ORDER BY s.tenant_id LIMIT max_tenants;
END $$;

CREATE FUNCTION tenantry.transport_state_of(tenants uuid[])
RETURNS TABLE (tenant_id uuid, record jsonb) LANGUAGE plpgsql STABLE ${definer} AS $$
BEGIN
  PERFORM tenantry.transport_participant();
  RETURN QUERY SELECT s.tenant_id, s.record FROM tenantry.tenant_state s WHERE s.tenant_id = ANY (tenants);
END $$;

REVOKE EXECUTE ON FUNCTION
  tenantry.transport_participant(), tenantry.transport_own(text), tenantry.transport_join(text),
  tenantry.transport_publish(uuid[], bigint[], uuid[]), tenantry.transport_claim(text, integer, integer),
  tenantry.transport_events(text, uuid, bigint, integer), tenantry.transport_advance(text, uuid, bigint, bigint, bigint),
  tenantry.transport_renew(text, uuid, bigint, integer), tenantry.transport_release(text, uuid, bigint, integer),
  tenantry.transport_acknowledge(text[], json[]), tenantry.transport_state_page(uuid, integer),
  tenantry.transport_state_of(uuid[])
FROM PUBLIC;

${groupRoleSql('tenantry_participant')}
GRANT USAGE ON SCHEMA tenantry TO tenantry_participant;
GRANT EXECUTE ON FUNCTION
  tenantry.transport_join(text), tenantry.transport_claim(text, integer, integer),
  tenantry.transport_events(text, uuid, bigint, integer), tenantry.transport_advance(text, uuid, bigint, bigint, bigint),
  tenantry.transport_renew(text, uuid, bigint, integer), tenantry.transport_release(text, uuid, bigint, integer),
  tenantry.transport_acknowledge(text[], json[]), tenantry.transport_state_page(uuid, integer),
  tenantry.transport_state_of(uuid[])
TO tenantry_participant;

GRANT EXECUTE ON FUNCTION tenantry.transport_publish(uuid[], bigint[], uuid[]) TO tenantry_control;
GRANT SELECT, UPDATE, DELETE ON tenantry.acknowledgement TO tenantry_control;
GRANT USAGE ON SEQUENCE tenantry.acknowledgement_lease TO tenantry_control;
`,
};
