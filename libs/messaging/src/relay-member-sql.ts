import type { SqlMigration } from '@tenantry/database';

/**
 * Which relays live. A shard belongs to the relay that its row names for as long as that one's lease lasts: so a relay renews one row
 * however many shards it has, and the shards' rows change only when they change hands. Rows that change with every batch
 * leave dead versions behind that a long transaction elsewhere keeps, and whoever looks for work has to read past them.
 *
 * Needs OUTBOX_SQL before it. A relay of the version before this one leaves alone what belongs to a relay of this one, whose
 * shards' own leases are `infinity`; the other way round, its leases are waited for.
 */
export const RELAY_MEMBER_SQL: SqlMigration = {
  name: 'messaging-0004-relay-members',
  sql: `
CREATE TABLE tenantry.relay_member (
  owner text NOT NULL,
  lease_until timestamptz NOT NULL,
  CONSTRAINT relay_member_pkey PRIMARY KEY (owner)
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON tenantry.relay_member TO tenantry_control;
`,
};
