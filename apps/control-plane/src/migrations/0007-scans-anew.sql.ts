/** A scan that began before the last destruction shows nothing about it: it is asked for anew, and only what answers that counts. */
export const SCANS_ANEW_SQL = `
ALTER TABLE tenantry.task
  ADD COLUMN counts_from_attempt integer NOT NULL DEFAULT 1,
  ADD COLUMN counts_from_at timestamptz,
  ADD CONSTRAINT task_counts_from_attempt_check CHECK (counts_from_attempt >= 1);
`;
