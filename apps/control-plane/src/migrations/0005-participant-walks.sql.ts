/** The walks over tenants that a participant gives rise to: its backlog when it came late, and a recall when it comes back. */
export const PARTICIPANT_WALKS_SQL = `
-- The backlog ends with the tenants that were there when it began: whoever came later was met with the participant.
-- A recall wakes every tenant with an open task of the participant, chunk by chunk, from recall_due_at on.
ALTER TABLE tenantry.participant
  ADD COLUMN backfill_until uuid,
  ADD COLUMN backfill_total bigint,
  ADD COLUMN backfill_passed bigint NOT NULL DEFAULT 0,
  ADD COLUMN recall_due_at timestamptz,
  ADD COLUMN recall_cursor uuid;

-- What the walk over a backlog has in hand: tenants that were woken and are not answered for yet. Never more than the
-- configured number of rows for one participant.
CREATE TABLE tenantry.backlog_tenant (
  participant text COLLATE "C" NOT NULL,
  tenant_id uuid NOT NULL,
  CONSTRAINT backlog_tenant_pkey PRIMARY KEY (participant, tenant_id),
  CONSTRAINT backlog_tenant_participant_fkey FOREIGN KEY (participant) REFERENCES tenantry.participant (name),
  CONSTRAINT backlog_tenant_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenantry.tenant (id)
);

GRANT SELECT, INSERT, DELETE ON tenantry.backlog_tenant TO tenantry_control;
`;
