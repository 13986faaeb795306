/** Ids of the two tenants. */
export const TENANT_A = '0190a1b2-0000-7000-8000-00000000000a';
export const TENANT_B = '0190a1b2-0000-7000-8000-00000000000b';

/** The login that serves, and its password. */
export const APP = { name: 'shop_app', password: 'app' };

/** The name of a tenant's own schema, and of its role. */
export const schemaOf = (tenant: string): string => `t_${tenant.replaceAll('-', '')}_shop`;

const ownSchema = (tenant: string): string => `
CREATE ROLE ${schemaOf(tenant)} NOLOGIN NOINHERIT;
GRANT ${schemaOf(tenant)} TO shop_app;
CREATE SCHEMA ${schemaOf(tenant)} AUTHORIZATION shop_owner;
CREATE TABLE ${schemaOf(tenant)}.note (id uuid PRIMARY KEY, text text);
ALTER TABLE ${schemaOf(tenant)}.note OWNER TO shop_owner;
ALTER TABLE ${schemaOf(tenant)}.note ENABLE ROW LEVEL SECURITY;
ALTER TABLE ${schemaOf(tenant)}.note FORCE ROW LEVEL SECURITY;
CREATE POLICY guard ON ${schemaOf(tenant)}.note USING ((SELECT app.current_tenant()) = '${tenant}');
GRANT USAGE ON SCHEMA ${schemaOf(tenant)} TO ${schemaOf(tenant)};
GRANT SELECT, INSERT, UPDATE, DELETE ON ${schemaOf(tenant)}.note TO ${schemaOf(tenant)};`;

/**
 * A database as it should be, of both models: shared tables under row security, parted ones among them, and a schema for each
 * of two tenants. To be made by a superuser of a server of its own: it makes roles.
 */
export const CLEAN_SQL = `
CREATE ROLE shop_owner NOLOGIN;
CREATE ROLE shop_fence NOLOGIN;
CREATE ROLE ${APP.name} LOGIN NOINHERIT PASSWORD '${APP.password}';
DO $$ BEGIN
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO ${APP.name}', current_database());
END $$;
DO $$ DECLARE f regprocedure; BEGIN
  FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND proname LIKE 'pg\\_%advisory%' LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
  END LOOP;
END $$;
CREATE SCHEMA app AUTHORIZATION shop_owner;
GRANT USAGE ON SCHEMA app TO ${APP.name}, shop_fence;

CREATE FUNCTION app.current_tenant() RETURNS uuid LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  marker text := nullif(current_setting('app.tenant', true), '');
BEGIN
  IF marker IS NULL THEN RAISE EXCEPTION 'there is no tenant context' USING ERRCODE = 'TN002'; END IF;
  RETURN marker::uuid;
END $$;
ALTER FUNCTION app.current_tenant() OWNER TO shop_fence;

-- Runs with the rights of one who reaches no tenant's table.
CREATE FUNCTION app.enter(t uuid) RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended(t::text, 7));
  PERFORM set_config('app.tenant', t::text, true);
END $$;
ALTER FUNCTION app.enter(uuid) OWNER TO shop_fence;
GRANT EXECUTE ON FUNCTION pg_advisory_xact_lock_shared(bigint) TO shop_fence;

CREATE TABLE app.customer (
  tenant_id uuid NOT NULL, id uuid NOT NULL, email text NOT NULL, PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, email));
CREATE TABLE app.invoice (
  tenant_id uuid NOT NULL, id uuid NOT NULL, customer_id uuid NOT NULL, total numeric NOT NULL, PRIMARY KEY (tenant_id, id),
  CONSTRAINT invoice_customer FOREIGN KEY (tenant_id, customer_id) REFERENCES app.customer (tenant_id, id) ON DELETE CASCADE);
CREATE TABLE app.event (tenant_id uuid NOT NULL, id uuid NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (tenant_id, id, at)) PARTITION BY RANGE (at);
CREATE TABLE app.event_2026 PARTITION OF app.event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE app.currency (code text PRIMARY KEY);
-- A back office's, out of the application's reach.
CREATE TABLE app.ledger (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, amount numeric);
DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['customer', 'invoice', 'event'] LOOP
    EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE app.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON app.%I USING (tenant_id = (SELECT app.current_tenant()))', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON app.%I TO ${APP.name}', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['customer', 'invoice', 'event', 'event_2026', 'currency', 'ledger'] LOOP
    EXECUTE format('ALTER TABLE app.%I OWNER TO shop_owner', t);
  END LOOP;
END $$;
GRANT SELECT ON app.currency TO ${APP.name};
CREATE VIEW app.debtor WITH (security_invoker = true) AS SELECT c.email, i.total FROM app.customer c JOIN app.invoice i ON i.customer_id = c.id;
GRANT SELECT ON app.debtor TO ${APP.name};
${ownSchema(TENANT_A)}
${ownSchema(TENANT_B)}
INSERT INTO app.customer VALUES ('${TENANT_A}', gen_random_uuid(), 'ann@a.example'), ('${TENANT_B}', gen_random_uuid(), 'bob@b.example');
`;

/** What an audit has to be told of it. */
export const CLEAN_OPTIONS = { appRoles: [APP.name], globalTables: ['app.currency'] };

/** The same for a server that others use too: with roles of its own. @param prefix what their names begin with, instead of `shop_`. */
export function cleanSql(prefix: string): string {
  return CLEAN_SQL.replaceAll('shop_', prefix).replaceAll(/_shop\b/g, `_${prefix.slice(0, -1)}`);
}
