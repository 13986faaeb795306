/**
 * The table's own number tells a dump that was restored in its place, which makes the table anew, from a tool that writes its rows anew
 * to save space (pg_repack), which keeps it.
 */
export const IDENTITY_BY_TABLE_SQL = `
ALTER TABLE tenantry.database_identity ADD COLUMN table_oid bigint;
`;
