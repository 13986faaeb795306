/**
 * What a signed context rests on: the keys that services sign with, and the server's own key for its markers. Both tables
 * belong to `tenantry_kit` and nobody was given a right to them; only the kit's functions read them.
 */
export const SIGNING_SQL = `
-- The keys that tokens are taken from, as the two pads of RFC 2104 from which nobody has to compute anything again.
CREATE TABLE tenantry.context_key (
  key_id integer NOT NULL,
  inner_pad bytea NOT NULL,
  outer_pad bytea NOT NULL,
  installed_at timestamptz NOT NULL DEFAULT now(),
  -- From when on it is taken no more; null as long as the installation names it.
  retired_at timestamptz,
  CONSTRAINT context_key_pkey PRIMARY KEY (key_id),
  CONSTRAINT context_key_length CHECK (length(inner_pad) = 64 AND length(outer_pad) = 64)
);

-- What the installation says about contexts, and the server's key, made here and known nowhere else.
CREATE TABLE tenantry.context_signing (
  only_one boolean NOT NULL DEFAULT true,
  marker text NOT NULL DEFAULT 'off',
  unsigned_accepted boolean NOT NULL DEFAULT true,
  inner_pad bytea NOT NULL,
  outer_pad bytea NOT NULL,
  CONSTRAINT context_signing_pkey PRIMARY KEY (only_one),
  CONSTRAINT context_signing_only_one CHECK (only_one),
  CONSTRAINT context_signing_marker_known CHECK (marker IN ('off', 'mac', 'setting')),
  CONSTRAINT context_signing_length CHECK (length(inner_pad) = 64 AND length(outer_pad) = 64)
);

-- Two independent keys of 64 bytes: what HMAC makes of one is the same thing with less to be random. The server's generator
-- of uuids is its strong one.
INSERT INTO tenantry.context_signing (inner_pad, outer_pad)
SELECT string_agg(half, '') FILTER (WHERE n <= 2), string_agg(half, '') FILTER (WHERE n > 2)
FROM (
  SELECT n, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) AS half
  FROM generate_series(1, 4) n
) random;

-- The signed form of enter; its text, which depends on the installation, is put here by it.
CREATE FUNCTION tenantry.enter(t uuid, g bigint, m text, e bigint, k integer, mac bytea, p integer) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'the installation is not finished' USING ERRCODE = 'TN003', DETAIL = 'installation';
END $$;

-- Makes t the tenant of this transaction; its text comes with that of enter.
CREATE FUNCTION tenantry.leave_context(t uuid) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'the installation is not finished' USING ERRCODE = 'TN003', DETAIL = 'installation';
END $$;

-- Whether tokens of this key open a context here, or unsigned calls for null: what a service asks before it says it is ready.
CREATE FUNCTION tenantry.context_accepted(k integer) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN k IS NULL THEN (SELECT s.unsigned_accepted FROM tenantry.context_signing s)
    ELSE EXISTS (
      SELECT FROM tenantry.context_key held
      WHERE held.key_id = k AND (held.retired_at IS NULL OR held.retired_at > clock_timestamp())
    )
  END;
$$;

GRANT CREATE ON SCHEMA tenantry TO tenantry_kit;
ALTER TABLE tenantry.context_key OWNER TO tenantry_kit;
ALTER TABLE tenantry.context_signing OWNER TO tenantry_kit;
ALTER FUNCTION tenantry.enter(uuid, bigint, text, bigint, integer, bytea, integer) OWNER TO tenantry_kit;
ALTER FUNCTION tenantry.leave_context(uuid) OWNER TO tenantry_kit;
ALTER FUNCTION tenantry.context_accepted(integer) OWNER TO tenantry_kit;
REVOKE CREATE ON SCHEMA tenantry FROM tenantry_kit;

REVOKE ALL ON tenantry.context_key, tenantry.context_signing FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION tenantry.enter(uuid, bigint, text, bigint, integer, bytea, integer),
  tenantry.leave_context(uuid), tenantry.context_accepted(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.enter(uuid, bigint, text, bigint, integer, bytea, integer),
  tenantry.context_accepted(integer) TO tenantry_app;
`;
