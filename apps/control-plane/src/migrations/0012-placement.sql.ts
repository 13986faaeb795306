/** Clusters have a weight, labels and a capacity for each model; every tenant has its cluster from its creation on; plans have rules. */
export const PLACEMENT_SQL = `
ALTER TABLE tenantry.cluster
  ADD COLUMN weight integer NOT NULL DEFAULT 100,
  ADD COLUMN labels jsonb NOT NULL DEFAULT '{}',
  -- Tenants by model, e.g. {"schema": 500}; a model without a number is not limited.
  ADD COLUMN capacity jsonb NOT NULL DEFAULT '{}',
  ADD CONSTRAINT cluster_weight_known CHECK (weight BETWEEN 1 AND 1000),
  ADD CONSTRAINT cluster_labels_object CHECK (jsonb_typeof(labels) = 'object'),
  ADD CONSTRAINT cluster_capacity_object CHECK (jsonb_typeof(capacity) = 'object');

-- Where a tenant's data is, or will be: from its creation until it is purged. What is counted against a capacity.
CREATE TABLE tenantry.tenant_cluster (
  tenant_id uuid NOT NULL,
  cluster text COLLATE "C" NOT NULL,
  isolation text NOT NULL,
  CONSTRAINT tenant_cluster_pkey PRIMARY KEY (tenant_id),
  CONSTRAINT tenant_cluster_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenantry.tenant (id),
  CONSTRAINT tenant_cluster_cluster_fkey FOREIGN KEY (cluster) REFERENCES tenantry.cluster (name),
  CONSTRAINT tenant_cluster_isolation_known CHECK (isolation IN ('pooled', 'schema', 'database'))
);

-- How many tenants of a model have a cluster: the sum over its shards, of which a single one may be below zero. Creations on a cluster
-- without a limit seldom meet in a row; where there is a limit they lock all shards, and with them the count.
CREATE TABLE tenantry.cluster_usage (
  cluster text COLLATE "C" NOT NULL,
  isolation text NOT NULL,
  shard smallint NOT NULL,
  tenants bigint NOT NULL DEFAULT 0,
  CONSTRAINT cluster_usage_pkey PRIMARY KEY (cluster, isolation, shard),
  CONSTRAINT cluster_usage_cluster_fkey FOREIGN KEY (cluster) REFERENCES tenantry.cluster (name),
  CONSTRAINT cluster_usage_isolation_known CHECK (isolation IN ('pooled', 'schema', 'database'))
) WITH (fillfactor = 50);

INSERT INTO tenantry.tenant_cluster (tenant_id, cluster, isolation)
SELECT DISTINCT ON (tenant_id) tenant_id, cluster, isolation FROM tenantry.route ORDER BY tenant_id, store;

INSERT INTO tenantry.cluster_usage (cluster, isolation, shard, tenants)
SELECT c.name, i.isolation, s.shard, CASE s.shard WHEN 0 THEN coalesce(counted.tenants, 0) ELSE 0 END
FROM tenantry.cluster c
CROSS JOIN unnest(ARRAY['pooled', 'schema', 'database']) AS i (isolation)
CROSS JOIN generate_series(0, 7) AS s (shard)
LEFT JOIN (SELECT cluster, isolation, count(*) AS tenants FROM tenantry.tenant_cluster GROUP BY 1, 2) counted
  ON counted.cluster = c.name AND counted.isolation = i.isolation;

-- Which models a plan's tenants may have, the first when none is asked for, and which labels their cluster must have.
CREATE TABLE tenantry.plan_rule (
  plan text COLLATE "C" NOT NULL,
  isolations text[] NOT NULL,
  cluster_labels jsonb NOT NULL DEFAULT '{}',
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT plan_rule_pkey PRIMARY KEY (plan),
  CONSTRAINT plan_rule_isolations_known
    CHECK (cardinality(isolations) > 0 AND isolations <@ ARRAY['pooled', 'schema', 'database']),
  CONSTRAINT plan_rule_labels_object CHECK (jsonb_typeof(cluster_labels) = 'object')
);

GRANT SELECT, INSERT, DELETE ON tenantry.tenant_cluster TO tenantry_control;
GRANT SELECT, INSERT, UPDATE ON tenantry.cluster_usage TO tenantry_control;
GRANT SELECT, INSERT, UPDATE, DELETE ON tenantry.plan_rule TO tenantry_control;
`;
