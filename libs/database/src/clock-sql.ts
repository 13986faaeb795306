import type { SqlMigration } from './sql-migration.js';

/**
 * `tenantry.now()`: the one clock that deadlines are compared with. STABLE, so that an index on a due time is used
 * (with clock_timestamp() it is not). Only a test, as the owner, moves it, by the row in `tenantry.clock_offset`.
 */
export const CLOCK_SQL: SqlMigration = {
  name: 'database-0001-clock',
  sql: `
CREATE SCHEMA IF NOT EXISTS tenantry;

CREATE TABLE tenantry.clock_offset (
  single boolean NOT NULL DEFAULT true,
  ahead interval NOT NULL,
  CONSTRAINT clock_offset_pkey PRIMARY KEY (single),
  CONSTRAINT clock_offset_single CHECK (single)
);

CREATE FUNCTION tenantry.now() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT pg_catalog.now() + coalesce((SELECT ahead FROM tenantry.clock_offset), interval '0') $$;
`,
};
