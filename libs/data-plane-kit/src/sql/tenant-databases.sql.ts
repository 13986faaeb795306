/** What a database of a tenant's own needs in the service's database: its marker, and an end to its sessions. */
export const TENANT_DATABASES_SQL = `
ALTER TABLE tenantry.provisioned DROP CONSTRAINT provisioned_isolation_known;
ALTER TABLE tenantry.provisioned
  ADD CONSTRAINT provisioned_isolation_known CHECK (isolation IN ('pooled', 'schema', 'database'));
-- Of a tenant's own database: what it was last brought to, as a digest of the kit's and the service's migrations.
ALTER TABLE tenantry.provisioned ADD COLUMN layout text;

-- Ends the sessions of a tenant's own login, and if told those of everybody in its database; returns how many. Nobody
-- else's can be ended by it, and no superuser's. Needs pg_signal_backend.
CREATE FUNCTION tenantry.end_sessions(db text, everybody boolean) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(*) FILTER (WHERE pg_terminate_backend(a.pid))::integer
  FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
  WHERE db ~ '^t_[0-9a-f]{32}_[a-z][a-z0-9]{0,19}$' AND a.pid <> pg_backend_pid() AND NOT r.rolsuper
    AND (a.usename = db OR everybody AND a.datname = db);
$$;
GRANT CREATE ON SCHEMA tenantry TO tenantry_kit;
ALTER FUNCTION tenantry.end_sessions(text, boolean) OWNER TO tenantry_kit;
REVOKE CREATE ON SCHEMA tenantry FROM tenantry_kit;
REVOKE EXECUTE ON FUNCTION tenantry.end_sessions(text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.end_sessions(text, boolean) TO tenantry_provisioner;
`;
