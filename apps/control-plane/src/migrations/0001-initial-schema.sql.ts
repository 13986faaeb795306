/**
 * The control plane's own tables. Plain SQL; text + CHECK instead of enums, ids made by the application.
 * Run as `tenantry_owner`; the service's login reaches them only through the grants at the end.
 */
export const INITIAL_SCHEMA_SQL = `
CREATE TABLE tenantry.cluster (
  name text COLLATE "C" NOT NULL,
  region text NOT NULL,
  state text NOT NULL DEFAULT 'open',
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT cluster_pkey PRIMARY KEY (name),
  CONSTRAINT cluster_state_check CHECK (state IN ('open', 'draining', 'closed'))
);

CREATE TABLE tenantry.tenant (
  id uuid NOT NULL,
  slug text COLLATE "C" NOT NULL,
  name text NOT NULL,
  plan text COLLATE "C" NOT NULL,
  region text COLLATE "C" NOT NULL,
  isolation text NOT NULL,
  labels jsonb NOT NULL DEFAULT '{}',
  desired text NOT NULL,
  state text COLLATE "C" NOT NULL,
  was_active boolean NOT NULL DEFAULT false,
  generation bigint NOT NULL,
  version bigint NOT NULL,
  tenant_seq bigint NOT NULL DEFAULT 0,
  conditions jsonb NOT NULL DEFAULT '[]',
  desired_before_deletion text,
  deletion_requested_at timestamptz,
  purge_after timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  purged_at timestamptz,
  CONSTRAINT tenant_pkey PRIMARY KEY (id),
  CONSTRAINT tenant_slug_key UNIQUE (slug),
  CONSTRAINT tenant_isolation_check CHECK (isolation IN ('pooled', 'schema', 'database')),
  CONSTRAINT tenant_desired_check CHECK (desired IN ('active', 'suspended', 'purged')),
  CONSTRAINT tenant_state_check CHECK (state IN ('REQUESTED', 'PROVISIONING', 'ACTIVE', 'SUSPENDING', 'SUSPENDED',
    'REACTIVATING', 'DELETION_SCHEDULED', 'PURGING', 'PURGED')),
  CONSTRAINT tenant_deletion_check CHECK ((purge_after IS NULL) = (deletion_requested_at IS NULL)
    AND (purge_after IS NULL OR desired_before_deletion IS NOT NULL))
);
CREATE INDEX tenant_state_idx ON tenantry.tenant (state, id);
CREATE INDEX tenant_plan_idx ON tenantry.tenant (plan, id);
CREATE INDEX tenant_region_idx ON tenantry.tenant (region, id);
CREATE INDEX tenant_labels_idx ON tenantry.tenant USING gin (labels jsonb_path_ops);
CREATE INDEX tenant_unsettled_idx ON tenantry.tenant (id) WHERE state NOT IN ('ACTIVE', 'SUSPENDED', 'PURGED');

CREATE TABLE tenantry.route (
  tenant_id uuid NOT NULL,
  store text NOT NULL,
  isolation text NOT NULL,
  cluster text COLLATE "C" NOT NULL,
  database_name text,
  schema_name text,
  access text NOT NULL,
  generation bigint NOT NULL,
  revision bigint NOT NULL,
  CONSTRAINT route_pkey PRIMARY KEY (tenant_id, store),
  CONSTRAINT route_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenantry.tenant (id),
  CONSTRAINT route_cluster_fkey FOREIGN KEY (cluster) REFERENCES tenantry.cluster (name),
  CONSTRAINT route_isolation_check CHECK (isolation IN ('pooled', 'schema', 'database')),
  CONSTRAINT route_access_check CHECK (access IN ('open', 'read_only', 'frozen'))
);
CREATE INDEX route_cluster_idx ON tenantry.route (cluster);

CREATE TABLE tenantry.participant (
  name text COLLATE "C" NOT NULL,
  required boolean NOT NULL,
  capabilities text[] NOT NULL,
  stores text[] NOT NULL,
  ack_timeout_ms integer NOT NULL,
  software_version text,
  version bigint NOT NULL DEFAULT 1,
  last_heartbeat_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT participant_pkey PRIMARY KEY (name),
  CONSTRAINT participant_ack_timeout_check CHECK (ack_timeout_ms > 0)
);

CREATE TABLE tenantry.tenant_participant (
  tenant_id uuid NOT NULL,
  participant text NOT NULL,
  observed text NOT NULL DEFAULT 'none',
  observed_generation bigint NOT NULL DEFAULT 0,
  counts_from bigint NOT NULL,
  CONSTRAINT tenant_participant_pkey PRIMARY KEY (tenant_id, participant),
  CONSTRAINT tenant_participant_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenantry.tenant (id),
  CONSTRAINT tenant_participant_participant_fkey FOREIGN KEY (participant) REFERENCES tenantry.participant (name),
  CONSTRAINT tenant_participant_observed_check CHECK (observed IN ('none', 'active', 'suspended', 'purged'))
);
CREATE INDEX tenant_participant_participant_idx ON tenantry.tenant_participant (participant);

CREATE TABLE tenantry.operation (
  id uuid NOT NULL,
  tenant_id uuid NOT NULL,
  kind text NOT NULL,
  state text NOT NULL,
  generation bigint NOT NULL,
  desired text NOT NULL,
  actor text NOT NULL,
  reason text,
  request_id text,
  traceparent text,
  deadline timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  finished_at timestamptz,
  CONSTRAINT operation_pkey PRIMARY KEY (id),
  CONSTRAINT operation_generation_key UNIQUE (tenant_id, generation),
  CONSTRAINT operation_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenantry.tenant (id),
  CONSTRAINT operation_kind_check CHECK (kind IN ('provision', 'suspend', 'reactivate', 'delete', 'cancel_deletion', 'purge')),
  CONSTRAINT operation_state_check CHECK (state IN ('pending', 'running', 'succeeded', 'failed', 'superseded', 'cancelled')),
  CONSTRAINT operation_desired_check CHECK (desired IN ('active', 'suspended', 'purged')),
  CONSTRAINT operation_finished_check CHECK ((finished_at IS NULL) = (state IN ('pending', 'running')))
);
CREATE UNIQUE INDEX operation_unfinished_key ON tenantry.operation (tenant_id) WHERE state IN ('pending', 'running');
CREATE INDEX operation_tenant_idx ON tenantry.operation (tenant_id, id);
CREATE INDEX operation_state_idx ON tenantry.operation (state, id);

CREATE TABLE tenantry.task (
  operation_id uuid NOT NULL,
  participant text NOT NULL,
  required boolean NOT NULL,
  state text NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  addressed_at timestamptz,
  next_attempt_at timestamptz,
  retryable boolean,
  progress real,
  last_error text,
  evidence jsonb,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  finished_at timestamptz,
  CONSTRAINT task_pkey PRIMARY KEY (operation_id, participant),
  CONSTRAINT task_operation_fkey FOREIGN KEY (operation_id) REFERENCES tenantry.operation (id),
  CONSTRAINT task_participant_fkey FOREIGN KEY (participant) REFERENCES tenantry.participant (name),
  CONSTRAINT task_state_check CHECK (state IN ('pending', 'in_progress', 'succeeded', 'failed', 'skipped'))
);
CREATE INDEX task_participant_idx ON tenantry.task (participant);

CREATE SEQUENCE tenantry.wake_lease;
CREATE TABLE tenantry.wake (
  tenant_id uuid NOT NULL,
  due_at timestamptz NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  lease_until timestamptz NOT NULL DEFAULT '-infinity',
  lease bigint NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0,
  last_error text,
  CONSTRAINT wake_pkey PRIMARY KEY (tenant_id)
);
CREATE INDEX wake_due_idx ON tenantry.wake (greatest(due_at, lease_until));

CREATE TABLE tenantry.rejected_acknowledgement (
  id uuid NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  participant text NOT NULL,
  reason text NOT NULL,
  message text NOT NULL,
  CONSTRAINT rejected_acknowledgement_pkey PRIMARY KEY (id)
);

CREATE TABLE tenantry.parked_fact (
  participant text NOT NULL,
  grp text NOT NULL,
  tenant_id uuid NOT NULL,
  tenant_seq bigint NOT NULL,
  event_id text NOT NULL,
  event_type text NOT NULL,
  attempts integer NOT NULL,
  error text NOT NULL,
  reported_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT parked_fact_pkey PRIMARY KEY (participant, grp, tenant_id, tenant_seq)
);

CREATE TABLE tenantry.audit_entry (
  id uuid NOT NULL,
  at timestamptz NOT NULL,
  actor text NOT NULL,
  tenant_id uuid,
  action text NOT NULL,
  resource text NOT NULL,
  reason text,
  before jsonb,
  after jsonb,
  request_id text,
  trace_id text,
  CONSTRAINT audit_entry_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_entry_tenant_idx ON tenantry.audit_entry (tenant_id, id);

CREATE FUNCTION tenantry.refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tenantry.audit_entry
  FOR EACH STATEMENT EXECUTE FUNCTION tenantry.refuse_rewrite();

CREATE TABLE tenantry.api_key (
  id uuid NOT NULL,
  name text NOT NULL,
  role text NOT NULL,
  key_hash bytea NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz,
  CONSTRAINT api_key_pkey PRIMARY KEY (id),
  CONSTRAINT api_key_hash_key UNIQUE (key_hash),
  CONSTRAINT api_key_role_check CHECK (role IN ('viewer', 'operator', 'admin'))
);

CREATE TABLE tenantry.idempotency_key (
  caller text NOT NULL,
  key text NOT NULL,
  fingerprint text NOT NULL,
  claim uuid NOT NULL,
  locked_until timestamptz NOT NULL,
  result jsonb,
  completed_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT idempotency_key_pkey PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_key_created_idx ON tenantry.idempotency_key (created_at);

GRANT SELECT, INSERT, UPDATE ON tenantry.cluster, tenantry.tenant, tenantry.participant, tenantry.tenant_participant,
  tenantry.operation, tenantry.task, tenantry.api_key TO tenantry_control;
GRANT SELECT, INSERT, UPDATE, DELETE ON tenantry.route, tenantry.wake, tenantry.idempotency_key, tenantry.parked_fact TO tenantry_control;
GRANT SELECT, INSERT ON tenantry.audit_entry, tenantry.rejected_acknowledgement TO tenantry_control;
GRANT USAGE ON SEQUENCE tenantry.wake_lease TO tenantry_control;
-- /readyz compares the migration level.
GRANT SELECT ON tenantry.migration TO tenantry_control;
`;
