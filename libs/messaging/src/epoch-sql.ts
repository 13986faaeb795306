import type { SqlMigration } from '@tenantry/database';

/**
 * The epoch, which leads the numbers given out since the database was last restored, and the highest number that the state
 * channel was seen to hold above the database's own. Needs OUTBOX_SQL before it.
 *
 * Group role `tenantry_control` may note what it has seen; the epoch itself is raised by the owner, at an installation.
 */
export const EPOCH_SQL: SqlMigration = {
  name: 'messaging-0004-epoch',
  sql: `
CREATE TABLE tenantry.epoch (
  single boolean NOT NULL DEFAULT true,
  epoch bigint NOT NULL DEFAULT 0,
  raised_at timestamptz,
  ahead_tenant uuid,
  ahead_seq bigint,
  ahead_seen_at timestamptz,
  CONSTRAINT epoch_pkey PRIMARY KEY (single),
  CONSTRAINT epoch_single CHECK (single),
  -- Numbers have to stay whole in JavaScript: 2^21 epochs of 2^32.
  CONSTRAINT epoch_range CHECK (epoch BETWEEN 0 AND 2097151),
  CONSTRAINT epoch_ahead CHECK ((ahead_tenant IS NULL) = (ahead_seq IS NULL))
);
INSERT INTO tenantry.epoch DEFAULT VALUES;
GRANT SELECT, UPDATE (ahead_tenant, ahead_seq, ahead_seen_at) ON tenantry.epoch TO tenantry_control;
`,
};
