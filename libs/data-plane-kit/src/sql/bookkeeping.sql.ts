/** The kit's tables: owned by `tenantry_kit`, so that neither login can rewrite what keeps a tenant in or out. */
export const BOOKKEEPING_SQL = `
CREATE SCHEMA IF NOT EXISTS tenantry;

-- Whether a tenant's data can be reached, and since which generation. Written through tenantry.set_fence alone.
CREATE TABLE tenantry.fence (
  tenant_id uuid NOT NULL,
  generation bigint NOT NULL,
  access text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT fence_pkey PRIMARY KEY (tenant_id),
  CONSTRAINT fence_generation_positive CHECK (generation >= 1),
  CONSTRAINT fence_access_known CHECK (access IN ('open', 'read_only', 'frozen'))
);

-- A tenant whose purge has begun: it never comes back. The footprint is what the purge first found, in names and counts,
-- kept so that a purge that was interrupted can still show what it destroyed.
CREATE TABLE tenantry.tombstone (
  tenant_id uuid NOT NULL,
  generation bigint NOT NULL,
  footprint json,
  buried_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT tombstone_pkey PRIMARY KEY (tenant_id)
);

-- The marker that ends a provisioning: without it the tenant is half made, and the next request completes it. What was
-- seeded (names and counts) is kept for the answer, which may be asked for again.
CREATE TABLE tenantry.provisioned (
  tenant_id uuid NOT NULL,
  isolation text NOT NULL,
  schema_name text NOT NULL,
  generation bigint NOT NULL,
  seeded json NOT NULL,
  provisioned_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT provisioned_pkey PRIMARY KEY (tenant_id),
  CONSTRAINT provisioned_isolation_known CHECK (isolation IN ('pooled', 'schema'))
);

-- Which of the service's migrations each schema has.
CREATE TABLE tenantry.schema_migration (
  schema_name text NOT NULL,
  name text NOT NULL,
  checksum text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT schema_migration_pkey PRIMARY KEY (schema_name, name)
);

-- The last known state record of each tenant, so that a restarted process serves while nothing else is up.
CREATE TABLE tenantry.route_snapshot (
  tenant_id uuid NOT NULL,
  tenant_seq numeric NOT NULL,
  version bigint NOT NULL,
  record json NOT NULL,
  CONSTRAINT route_snapshot_pkey PRIMARY KEY (tenant_id)
);

-- Needed to become an owner in this schema, unless a superuser gives; taken back at the end.
GRANT CREATE ON SCHEMA tenantry TO tenantry_kit;
ALTER TABLE tenantry.fence OWNER TO tenantry_kit;
ALTER TABLE tenantry.tombstone OWNER TO tenantry_kit;
ALTER TABLE tenantry.provisioned OWNER TO tenantry_kit;
ALTER TABLE tenantry.schema_migration OWNER TO tenantry_kit;
ALTER TABLE tenantry.route_snapshot OWNER TO tenantry_kit;

GRANT USAGE ON SCHEMA tenantry TO tenantry_kit, tenantry_app, tenantry_provisioner;
GRANT SELECT ON tenantry.fence, tenantry.tombstone, tenantry.migration TO tenantry_provisioner;
GRANT UPDATE (footprint) ON tenantry.tombstone TO tenantry_provisioner;
GRANT SELECT, INSERT, UPDATE, DELETE ON tenantry.provisioned, tenantry.schema_migration, tenantry.route_snapshot
  TO tenantry_provisioner;
GRANT SELECT, INSERT, UPDATE, DELETE ON tenantry.consumer_position, tenantry.parked_fact, tenantry.inbox, tenantry.answer,
  tenantry.acknowledgement_outbox, tenantry.rejected_event TO tenantry_provisioner;
GRANT USAGE ON SEQUENCE tenantry.inbox_lease TO tenantry_provisioner;
`;
