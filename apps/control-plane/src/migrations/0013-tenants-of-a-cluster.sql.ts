/** Who is on a cluster can be listed, page by page. */
export const TENANTS_OF_A_CLUSTER_SQL = `
CREATE INDEX tenant_cluster_cluster_idx ON tenantry.tenant_cluster (cluster, tenant_id);
`;
