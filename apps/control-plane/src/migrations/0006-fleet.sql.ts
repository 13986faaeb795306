/** What the views of the whole fleet are read by. */
export const FLEET_SQL = `
-- Tenants in whose conditions somebody is not where the tenant is: few, in whatever state.
CREATE INDEX tenant_behind_idx ON tenantry.tenant (id)
  WHERE conditions @? '$[*] ? (@.type == "catchingUp" || @.type == "failed" || @.type == "overdue" || @.type == "skipped")';
`;
