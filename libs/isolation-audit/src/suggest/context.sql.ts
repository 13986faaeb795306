import { escapeLiteral } from 'pg';

/** The setting that says which tenant a transaction is for; the kit's own, so that a service can move to the kit later. */
export const CONTEXT_SETTING = 'tenantry.tenant';

/** Where everything of the retrofit is. */
export const RETROFIT_SCHEMA = 'tenantry_retrofit';

/**
 * Who is there, and the log of who was not. A transaction is noted once for each table, whatever number of rows it touches; one
 * that is read only can note nothing, and is in the server's log alone.
 */
export function contextStatements(tenant: string): string[] {
  return [
    `CREATE SCHEMA IF NOT EXISTS ${RETROFIT_SCHEMA}`,
    `GRANT USAGE ON SCHEMA ${RETROFIT_SCHEMA} TO PUBLIC`,
    `CREATE OR REPLACE FUNCTION ${RETROFIT_SCHEMA}.current_tenant() RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  marker text := nullif(current_setting('${CONTEXT_SETTING}', true), '');
BEGIN
  IF marker IS NULL THEN
    RAISE EXCEPTION 'there is no tenant context' USING ERRCODE = 'TN002';
  END IF;
  RETURN marker::uuid;
END $$`,
    `CREATE OR REPLACE FUNCTION ${RETROFIT_SCHEMA}.tenant_of_writer() RETURNS uuid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(nullif(current_setting('${CONTEXT_SETTING}', true), '')::uuid, ${escapeLiteral(tenant)}::uuid)
$$`,
    `CREATE TABLE IF NOT EXISTS ${RETROFIT_SCHEMA}.violation (
  at timestamptz NOT NULL DEFAULT now(), table_name text NOT NULL, kind text NOT NULL, login text NOT NULL,
  application text NOT NULL, statement text NOT NULL)`,
    `CREATE OR REPLACE FUNCTION ${RETROFIT_SCHEMA}.observe(row_tenant uuid, table_name text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  context text := coalesce(current_setting('${CONTEXT_SETTING}', true), '');
  seen text := coalesce(current_setting('${RETROFIT_SCHEMA}.seen', true), '');
  kind text := CASE WHEN context = '' THEN 'no tenant' ELSE 'another tenant' END;
  mark text := format('[%s: %s]', table_name, kind);
BEGIN
  IF context = row_tenant::text OR position(mark IN seen) > 0 THEN
    RETURN true;
  END IF;
  PERFORM set_config('${RETROFIT_SCHEMA}.seen', seen || mark, true);
  RAISE LOG 'tenantry: % in the context of %', table_name, kind;
  IF current_setting('transaction_read_only') = 'off' THEN
    -- What was inlined into the statement may be somebody's data.
    INSERT INTO ${RETROFIT_SCHEMA}.violation (table_name, kind, login, application, statement)
    VALUES (table_name, kind, session_user, coalesce(current_setting('application_name', true), ''),
      left(regexp_replace(current_query(), '''[^'']*''|\\m[0-9][0-9.]*\\M', '?', 'g'), 500));
  END IF;
  RETURN true;
END $$`,
    `CREATE OR REPLACE VIEW ${RETROFIT_SCHEMA}.violations AS
SELECT table_name, kind, login, application, statement, count(*) AS transactions, max(at) AS last_at
FROM ${RETROFIT_SCHEMA}.violation GROUP BY 1, 2, 3, 4, 5`,
  ];
}
