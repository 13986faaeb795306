import type { SqlMigration } from '@tenantry/database';

/**
 * The consumer's bookkeeping in a service's own database, schema `tenantry`; immutable, apply with `migrate`
 * of the database library. One participant per database. Whoever runs the consumer, the worker and the sender needs
 * SELECT, INSERT, UPDATE and DELETE on the seven tables and USAGE on `tenantry.inbox_lease`.
 *
 * Payloads are `json`, not `jsonb`: they are never queried, and `json` alone takes every text that JSON allows
 * (an escaped NUL or lone surrogate makes `jsonb` raise, which would stop a tenant for ever).
 */
export const CONSUMER_SQL: readonly SqlMigration[] = [
  {
    name: 'consumer-0001-bookkeeping',
    sql: `
CREATE SCHEMA IF NOT EXISTS tenantry;

-- The last sequence of each tenant that a group has applied, stored or set aside; 0 before the first.
CREATE TABLE tenantry.consumer_position (
  grp text NOT NULL,
  tenant_id uuid NOT NULL,
  last_seq bigint NOT NULL DEFAULT 0,
  CONSTRAINT consumer_position_pkey PRIMARY KEY (grp, tenant_id)
);

-- Facts set aside, a queue per group and tenant: the poison one and everything after it, in order.
-- A row without an envelope is the place of a request that passed them.
CREATE TABLE tenantry.parked_fact (
  grp text NOT NULL,
  tenant_id uuid NOT NULL,
  tenant_seq bigint NOT NULL,
  event_id text NOT NULL,
  type text NOT NULL,
  envelope json,
  attempts integer NOT NULL DEFAULT 0,
  error text,
  parked_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT parked_fact_pkey PRIMARY KEY (grp, tenant_id, tenant_seq)
);

-- The newest request of each tenant that has not been answered. A worker owns it while its lease lasts;
-- the lease is a number from a sequence, because a timestamp loses its microseconds on the way through JavaScript.
CREATE SEQUENCE tenantry.inbox_lease AS bigint;
CREATE TABLE tenantry.inbox (
  tenant_id uuid NOT NULL,
  operation_id uuid NOT NULL,
  generation bigint NOT NULL,
  attempt bigint NOT NULL,
  type text NOT NULL,
  payload json NOT NULL,
  traceparent text,
  version bigint NOT NULL DEFAULT 1,
  due_at timestamptz NOT NULL DEFAULT now(),
  lease bigint,
  lease_until timestamptz,
  attempts integer NOT NULL DEFAULT 0,
  received_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT inbox_pkey PRIMARY KEY (tenant_id),
  CONSTRAINT inbox_lease_whole CHECK ((lease IS NULL) = (lease_until IS NULL))
);
CREATE INDEX inbox_claim ON tenantry.inbox (greatest(due_at, lease_until));

-- The last success of each tenant: repeated, not redone, when the same operation is asked for again.
CREATE TABLE tenantry.answer (
  tenant_id uuid NOT NULL,
  operation_id uuid NOT NULL,
  generation bigint NOT NULL,
  attempt bigint NOT NULL,
  evidence json NOT NULL,
  answered_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT answer_pkey PRIMARY KEY (tenant_id)
);

-- What is to be said on this participant's acknowledgement channel; a row lives until the transport has it.
CREATE TABLE tenantry.acknowledgement_outbox (
  enqueue_no bigint GENERATED ALWAYS AS IDENTITY,
  envelope json NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT acknowledgement_outbox_pkey PRIMARY KEY (enqueue_no)
);
CREATE INDEX acknowledgement_outbox_due ON tenantry.acknowledgement_outbox (due_at);

-- Events that could not be read, with the reason; for people. Nothing waits for them.
CREATE TABLE tenantry.rejected_event (
  rejected_no bigint GENERATED ALWAYS AS IDENTITY,
  grp text NOT NULL,
  event_id text,
  subject text,
  type text,
  reason text NOT NULL,
  raw text NOT NULL,
  rejected_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT rejected_event_pkey PRIMARY KEY (rejected_no)
);
`,
  },
  {
    name: 'consumer-0002-recoveries',
    sql: `
ALTER TABLE tenantry.parked_fact ADD COLUMN stack text;

-- What the tenant's state record was at when it was loaded after a gap: facts up to here are in it already.
ALTER TABLE tenantry.consumer_position ADD COLUMN reloaded_seq bigint NOT NULL DEFAULT 0;

-- What is to be done about a tenant's queue of parked facts, asked for by the control plane (redrive, skip, replay) or by a
-- gap (reload). A row without an outcome is due; whoever takes it puts it off for a while, and each step checks for itself.
CREATE TABLE tenantry.recovery (
  grp text NOT NULL,
  tenant_id uuid NOT NULL,
  request_id uuid NOT NULL,
  kind text NOT NULL,
  -- The parked fact's; of a replay, where it begins; of a reload, the event that showed the gap.
  tenant_seq bigint NOT NULL,
  generation bigint NOT NULL,
  attempt bigint NOT NULL,
  traceparent text,
  parts integer NOT NULL DEFAULT 1,
  parts_seen integer[] NOT NULL DEFAULT '{}',
  begun boolean NOT NULL DEFAULT false,
  applied integer NOT NULL DEFAULT 0,
  outcome text,
  error text,
  due_at timestamptz NOT NULL DEFAULT now(),
  attempts integer NOT NULL DEFAULT 0,
  received_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  CONSTRAINT recovery_pkey PRIMARY KEY (grp, tenant_id, request_id),
  CONSTRAINT recovery_kind_known CHECK (kind IN ('redrive', 'skip', 'replay', 'reload')),
  CONSTRAINT recovery_outcome_known CHECK (outcome IN ('succeeded', 'failed')),
  CONSTRAINT recovery_finished_whole CHECK ((outcome IS NULL) = (finished_at IS NULL))
);
CREATE INDEX recovery_due ON tenantry.recovery (grp, due_at) WHERE outcome IS NULL;
`,
  },
];
