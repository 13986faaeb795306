/** What participants say of themselves, and what operators decide: freezes, legal holds, skipped and attested tasks. */
export const PARTICIPANTS_AND_OPERATORS_SQL = `
-- Who said that there is such a participant. What a heartbeat reports is kept beside what was declared: it may add, never take away.
ALTER TABLE tenantry.participant
  ADD COLUMN declared_by text NOT NULL DEFAULT 'operator',
  ADD COLUMN reported jsonb,
  ADD COLUMN first_heartbeat_at timestamptz,
  ADD COLUMN retired_at timestamptz,
  ADD COLUMN retired_by text,
  ADD COLUMN retire_reason text,
  ADD COLUMN backfill_cursor uuid,
  ADD COLUMN backfill_started_at timestamptz,
  ADD COLUMN backfill_ended_at timestamptz,
  ADD CONSTRAINT participant_declared_by_check CHECK (declared_by IN ('configuration', 'operator', 'heartbeat')),
  ADD CONSTRAINT participant_retired_check CHECK ((retired_at IS NULL) = (retired_by IS NULL));

ALTER TABLE tenantry.tenant
  ADD COLUMN state_since timestamptz,
  ADD COLUMN paused_at timestamptz,
  ADD COLUMN paused_by text,
  ADD COLUMN pause_reason text,
  ADD COLUMN hold_placed_at timestamptz,
  ADD COLUMN hold_placed_by text,
  ADD COLUMN hold_reason text,
  ADD CONSTRAINT tenant_pause_check CHECK ((paused_at IS NULL) = (paused_by IS NULL)),
  ADD CONSTRAINT tenant_hold_check CHECK ((hold_placed_at IS NULL) = (hold_placed_by IS NULL));
UPDATE tenantry.tenant SET state_since = updated_at;

-- A skipped task says who decided, and whether it was skipped or, for a purge, attested.
ALTER TABLE tenantry.task
  ADD COLUMN decision text,
  ADD COLUMN decided_by text,
  ADD COLUMN decided_at timestamptz,
  ADD COLUMN decision_reason text,
  ADD CONSTRAINT task_decision_check CHECK (decision IN ('skip', 'attest')),
  ADD CONSTRAINT task_decided_check CHECK ((decision IS NULL) = (decided_by IS NULL) AND (decision IS NULL) = (decided_at IS NULL));

-- What is stuck, worst first.
CREATE INDEX operation_unfinished_deadline_idx ON tenantry.operation (deadline, id) WHERE state IN ('pending', 'running');
CREATE INDEX operation_failed_deadline_idx ON tenantry.operation (deadline, id) WHERE state = 'failed';
-- Whom to ask again when a participant is heard from after a silence.
CREATE INDEX task_open_idx ON tenantry.task (participant, operation_id) WHERE state IN ('pending', 'in_progress', 'failed');
-- Which tenants a participant still holds.
CREATE INDEX tenant_participant_held_idx ON tenantry.tenant_participant (participant, tenant_id)
  WHERE observed <> 'purged';
`;
