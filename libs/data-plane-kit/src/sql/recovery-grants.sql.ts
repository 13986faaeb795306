/** What the provisioning login needs to deal with parked facts. */
export const RECOVERY_GRANTS_SQL = `
GRANT SELECT, INSERT, UPDATE, DELETE ON tenantry.recovery TO tenantry_provisioner;
`;
