/** Parked facts can be read and dealt with: what is known of each, and what was asked for about it. */
export const PARKED_FACTS_SQL = `
ALTER TABLE tenantry.parked_fact
  ADD COLUMN id uuid,
  ADD COLUMN state text NOT NULL DEFAULT 'parked',
  ADD COLUMN stack text,
  ADD COLUMN payload json,
  -- When the participant said it last; an older announcement that comes later changes nothing.
  ADD COLUMN announced_at timestamptz,
  ADD COLUMN resolved_at timestamptz,
  -- When a copy is due on the topic for people and alerts; null when it is there.
  ADD COLUMN copy_at timestamptz DEFAULT now(),
  ADD CONSTRAINT parked_fact_state_known CHECK (state IN ('parked', 'applied', 'skipped')),
  ADD CONSTRAINT parked_fact_resolved_whole CHECK ((state = 'parked') = (resolved_at IS NULL));
-- As ids that were made when it was reported would sort.
UPDATE tenantry.parked_fact SET announced_at = reported_at,
  id = (lpad(to_hex(floor(extract(epoch FROM reported_at) * 1000)::bigint), 12, '0') || '7' || substr(md5(random()::text), 1, 3)
    || '8' || substr(md5(random()::text), 1, 15))::uuid;
ALTER TABLE tenantry.parked_fact ALTER COLUMN id SET NOT NULL, ALTER COLUMN announced_at SET NOT NULL;
CREATE UNIQUE INDEX parked_fact_id_key ON tenantry.parked_fact (id);
CREATE INDEX parked_fact_open_idx ON tenantry.parked_fact (id DESC) WHERE state = 'parked';
CREATE INDEX parked_fact_tenant_idx ON tenantry.parked_fact (tenant_id, id DESC);
CREATE INDEX parked_fact_copy_idx ON tenantry.parked_fact (copy_at) WHERE copy_at IS NOT NULL;

-- A redrive, a skip or a replay that was asked for: asked again until it is answered.
CREATE TABLE tenantry.recovery (
  id uuid NOT NULL,
  kind text NOT NULL,
  state text NOT NULL DEFAULT 'pending',
  tenant_id uuid NOT NULL,
  participant text NOT NULL,
  grp text NOT NULL,
  -- The parked fact's; of a replay, where it begins.
  tenant_seq bigint NOT NULL,
  -- Of a replay: the last event that it covers.
  to_seq bigint,
  parked_id uuid,
  generation bigint NOT NULL,
  attempts integer NOT NULL DEFAULT 1,
  evidence json,
  error text,
  actor text NOT NULL,
  reason text,
  traceparent text,
  requested_at timestamptz NOT NULL,
  next_at timestamptz,
  finished_at timestamptz,
  CONSTRAINT recovery_pkey PRIMARY KEY (id),
  CONSTRAINT recovery_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenantry.tenant (id),
  CONSTRAINT recovery_kind_known CHECK (kind IN ('redrive', 'skip', 'replay')),
  CONSTRAINT recovery_state_known CHECK (state IN ('pending', 'succeeded', 'failed')),
  CONSTRAINT recovery_pending_whole CHECK ((state = 'pending') = (finished_at IS NULL) AND (state = 'pending') = (next_at IS NOT NULL)),
  CONSTRAINT recovery_range_whole CHECK ((kind = 'replay') = (to_seq IS NOT NULL) AND (kind = 'replay') = (parked_id IS NULL))
);
-- One at a time for one queue.
CREATE UNIQUE INDEX recovery_pending_key ON tenantry.recovery (participant, grp, tenant_id) WHERE state = 'pending';
CREATE INDEX recovery_due_idx ON tenantry.recovery (next_at) WHERE state = 'pending';
CREATE INDEX recovery_parked_idx ON tenantry.recovery (parked_id, id DESC);

GRANT SELECT, INSERT, UPDATE ON tenantry.recovery TO tenantry_control;
`;
