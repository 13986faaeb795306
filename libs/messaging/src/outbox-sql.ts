import { groupRoleSql, type SqlMigration } from '@tenantry/database';

/** How many shards the relay's work is split into; fixed, since a tenant's shard decides who may send its events. */
export const RELAY_SHARDS = 64;

/**
 * The control plane's event history, what of it is still to be sent, and who sends it. The history only grows;
 * pending pointers alone churn, and a pointer's existence is the only truth about what is unsent: a cursor over
 * enqueue numbers would pass by a transaction that drew a lower one and commits last.
 *
 * Group role `tenantry_control` may do what outbox and relay need.
 */
export const OUTBOX_SQL: SqlMigration = {
  name: 'messaging-0001-outbox',
  sql: `
CREATE SCHEMA IF NOT EXISTS tenantry;

CREATE TABLE tenantry.tenant_event (
  event_id uuid NOT NULL,
  tenant_id uuid NOT NULL,
  tenant_seq bigint NOT NULL,
  type text NOT NULL,
  occurred_at timestamptz NOT NULL,
  envelope jsonb NOT NULL,
  CONSTRAINT tenant_event_pkey PRIMARY KEY (event_id),
  CONSTRAINT tenant_event_seq_key UNIQUE (tenant_id, tenant_seq),
  CONSTRAINT tenant_event_seq_positive CHECK (tenant_seq > 0)
);

-- One row per thing to send: an event, or (without an event id) "the state record of this tenant as it is when sent".
CREATE TABLE tenantry.outbox_pending (
  enqueue_no bigint GENERATED ALWAYS AS IDENTITY,
  event_id uuid,
  tenant_id uuid NOT NULL,
  tenant_seq bigint NOT NULL,
  shard smallint NOT NULL,
  topic text NOT NULL,
  CONSTRAINT outbox_pending_pkey PRIMARY KEY (enqueue_no),
  CONSTRAINT outbox_pending_topic_check CHECK (topic IN ('lifecycle', 'state')),
  CONSTRAINT outbox_pending_event_check CHECK ((topic = 'lifecycle') = (event_id IS NOT NULL)),
  CONSTRAINT outbox_pending_shard_check CHECK (shard BETWEEN 0 AND ${RELAY_SHARDS - 1})
);
CREATE INDEX outbox_pending_shard_idx ON tenantry.outbox_pending (shard, enqueue_no);
CREATE INDEX outbox_pending_state_idx ON tenantry.outbox_pending (tenant_id) WHERE topic = 'state';

-- Who sends a shard. The lease is a number from a sequence, because a timestamp loses its microseconds on the way
-- through JavaScript.
CREATE SEQUENCE tenantry.relay_lease AS bigint;
CREATE TABLE tenantry.relay_shard (
  shard smallint NOT NULL,
  owner text,
  lease bigint NOT NULL DEFAULT 0,
  lease_until timestamptz NOT NULL DEFAULT '-infinity',
  attempts integer NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL DEFAULT '-infinity',
  last_error text,
  CONSTRAINT relay_shard_pkey PRIMARY KEY (shard)
);
INSERT INTO tenantry.relay_shard (shard) SELECT generate_series(0, ${RELAY_SHARDS - 1});

CREATE TABLE tenantry.tenant_state (
  tenant_id uuid NOT NULL,
  tenant_seq bigint NOT NULL,
  event_id uuid NOT NULL,
  record jsonb NOT NULL,
  traceparent text,
  updated_at timestamptz NOT NULL,
  CONSTRAINT tenant_state_pkey PRIMARY KEY (tenant_id)
);

${groupRoleSql('tenantry_control')}
GRANT USAGE ON SCHEMA tenantry TO tenantry_control;
GRANT SELECT, INSERT ON tenantry.tenant_event TO tenantry_control;
GRANT SELECT, INSERT, DELETE ON tenantry.outbox_pending TO tenantry_control;
GRANT SELECT, UPDATE ON tenantry.relay_shard TO tenantry_control;
GRANT SELECT, INSERT, UPDATE ON tenantry.tenant_state TO tenantry_control;
GRANT USAGE ON SEQUENCE tenantry.relay_lease TO tenantry_control;
`,
};
