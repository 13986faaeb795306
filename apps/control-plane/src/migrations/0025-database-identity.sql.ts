/**
 * Which database this is: a copy that was restored elsewhere, or to an earlier point, carries the identity of the one it was made of,
 * and is told by that (docs/adr/0032). `written_by` is the transaction that wrote the row: whatever brings rows back by writing them
 * anew, as a dump does, writes them in another.
 */
export const DATABASE_IDENTITY_SQL = `
CREATE TABLE tenantry.database_identity (
  single boolean NOT NULL DEFAULT true,
  -- Unknown where the server does not tell.
  system_identifier text,
  database_oid bigint NOT NULL,
  server_version integer NOT NULL,
  timeline bigint,
  written_by xid8 NOT NULL,
  noted_at timestamptz NOT NULL,
  -- When another history of the same server was met, and when the state channel was compared with what came of it.
  promoted_at timestamptz,
  compared_at timestamptz,
  CONSTRAINT database_identity_pkey PRIMARY KEY (single),
  CONSTRAINT database_identity_single CHECK (single)
);
-- What a failover or an upgrade of the server changes is noted by whoever meets it first; the first note is the owner's.
GRANT SELECT, UPDATE ON tenantry.database_identity TO tenantry_control;
`;
