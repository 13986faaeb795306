/** A changed declaration concerns also those tenants whose task failed for good; a sign of life does not. */
export const WHOLE_RECALLS_SQL = `
ALTER TABLE tenantry.participant ADD COLUMN recall_failed boolean NOT NULL DEFAULT false;
`;
