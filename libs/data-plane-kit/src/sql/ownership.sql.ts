/** Whose the functions are and who may call them. */
export const OWNERSHIP_SQL = `
ALTER FUNCTION tenantry.lock_key(uuid) OWNER TO tenantry_kit;
ALTER FUNCTION tenantry.current_tenant() OWNER TO tenantry_kit;
ALTER FUNCTION tenantry.enter(uuid, bigint, text) OWNER TO tenantry_kit;
ALTER FUNCTION tenantry.maintain(uuid, bigint) OWNER TO tenantry_kit;
ALTER FUNCTION tenantry.set_fence(uuid, bigint, text) OWNER TO tenantry_kit;
ALTER FUNCTION tenantry.bury(uuid, bigint) OWNER TO tenantry_kit;
ALTER FUNCTION tenantry.drop_fence(uuid) OWNER TO tenantry_kit;
ALTER FUNCTION tenantry.terminate_holders(uuid) OWNER TO tenantry_kit;
REVOKE CREATE ON SCHEMA tenantry FROM tenantry_kit;

-- current_tenant stays callable by all: policies call it as whoever reads, and it only tells a caller its own context.
REVOKE EXECUTE ON FUNCTION tenantry.lock_key(uuid), tenantry.enter(uuid, bigint, text), tenantry.maintain(uuid, bigint),
  tenantry.set_fence(uuid, bigint, text), tenantry.bury(uuid, bigint), tenantry.drop_fence(uuid), tenantry.terminate_holders(uuid)
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.enter(uuid, bigint, text) TO tenantry_app;
GRANT EXECUTE ON FUNCTION tenantry.maintain(uuid, bigint), tenantry.set_fence(uuid, bigint, text), tenantry.bury(uuid, bigint),
  tenantry.drop_fence(uuid), tenantry.terminate_holders(uuid) TO tenantry_provisioner;
`;
