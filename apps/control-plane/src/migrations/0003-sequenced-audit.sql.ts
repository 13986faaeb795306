/** The audit log's positions, hashes and signed checkpoints (ADR 8). What is written here is never changed again. */
export const SEQUENCED_AUDIT_SQL = `
-- Each filter of GET /v1/audit reads an index in the order of the list.
CREATE INDEX audit_entry_at_idx ON tenantry.audit_entry (at, id);
CREATE INDEX audit_entry_tenant_at_idx ON tenantry.audit_entry (tenant_id, at, id);
CREATE INDEX audit_entry_actor_idx ON tenantry.audit_entry (actor, at, id);
CREATE INDEX audit_entry_action_idx ON tenantry.audit_entry (action, at, id);
CREATE INDEX audit_entry_resource_idx ON tenantry.audit_entry (resource, at, id);
CREATE INDEX audit_entry_request_idx ON tenantry.audit_entry (request_id, at, id);
DROP INDEX tenantry.audit_entry_tenant_idx;

-- How far the log has come. The one row is what sequencers queue for; "single" is the column that a login may lock it by.
CREATE TABLE tenantry.audit_head (
  single boolean NOT NULL DEFAULT true,
  origin text NOT NULL,
  size bigint NOT NULL DEFAULT 0,
  chain_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
  CONSTRAINT audit_head_pkey PRIMARY KEY (single),
  CONSTRAINT audit_head_single_check CHECK (single)
);
INSERT INTO tenantry.audit_head (origin) VALUES ('tenantry/audit/' || gen_random_uuid());

-- Entries that have no position yet, in the order in which their transactions wrote them: what follows from something comes after it.
CREATE TABLE tenantry.audit_pending (
  enqueue_no bigint GENERATED ALWAYS AS IDENTITY,
  entry_id uuid NOT NULL,
  CONSTRAINT audit_pending_pkey PRIMARY KEY (enqueue_no),
  CONSTRAINT audit_pending_entry_key UNIQUE (entry_id),
  CONSTRAINT audit_pending_entry_fkey FOREIGN KEY (entry_id) REFERENCES tenantry.audit_entry (id)
);

CREATE TABLE tenantry.audit_leaf (
  position bigint NOT NULL,
  entry_id uuid NOT NULL,
  leaf_hash bytea NOT NULL,
  chain_hash bytea NOT NULL,
  CONSTRAINT audit_leaf_pkey PRIMARY KEY (position),
  CONSTRAINT audit_leaf_entry_key UNIQUE (entry_id),
  CONSTRAINT audit_leaf_entry_fkey FOREIGN KEY (entry_id) REFERENCES tenantry.audit_entry (id),
  CONSTRAINT audit_leaf_position_check CHECK (position >= 0),
  CONSTRAINT audit_leaf_hash_check CHECK (octet_length(leaf_hash) = 32 AND octet_length(chain_hash) = 32)
);

-- The complete subtrees of two leaves and more (RFC 9162); those of one are the leaves.
CREATE TABLE tenantry.audit_node (
  level smallint NOT NULL,
  index bigint NOT NULL,
  hash bytea NOT NULL,
  CONSTRAINT audit_node_pkey PRIMARY KEY (level, index),
  CONSTRAINT audit_node_place_check CHECK (level BETWEEN 1 AND 52 AND index >= 0),
  CONSTRAINT audit_node_hash_check CHECK (octet_length(hash) = 32)
);

-- Every public key that something was signed with: old signatures stay verifiable after a rotation.
CREATE TABLE tenantry.signing_key (
  kid text NOT NULL,
  jwk jsonb NOT NULL,
  first_used_at timestamptz NOT NULL,
  CONSTRAINT signing_key_pkey PRIMARY KEY (kid)
);

CREATE TABLE tenantry.audit_checkpoint (
  tree_size bigint NOT NULL,
  root_hash bytea NOT NULL,
  note text NOT NULL,
  kid text NOT NULL,
  created_at timestamptz NOT NULL,
  CONSTRAINT audit_checkpoint_pkey PRIMARY KEY (tree_size),
  CONSTRAINT audit_checkpoint_key_fkey FOREIGN KEY (kid) REFERENCES tenantry.signing_key (kid),
  CONSTRAINT audit_checkpoint_size_check CHECK (tree_size > 0),
  CONSTRAINT audit_checkpoint_root_check CHECK (octet_length(root_hash) = 32)
);

-- Pointers come and go by triggers alone, with their owner's rights: no login can make an entry that is not waiting for a position.
CREATE FUNCTION tenantry.enqueue_audit_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO tenantry.audit_pending (entry_id) VALUES (NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER audit_entry_enqueue AFTER INSERT ON tenantry.audit_entry
  FOR EACH ROW EXECUTE FUNCTION tenantry.enqueue_audit_entry();

CREATE FUNCTION tenantry.advance_audit_head() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  first_position bigint;
  last_position bigint;
  added bigint;
  waiting bigint;
BEGIN
  SELECT min(position), max(position), count(*) INTO first_position, last_position, added FROM new_leaf;
  IF added = 0 THEN RETURN NULL; END IF;
  UPDATE tenantry.audit_head SET size = last_position + 1,
    chain_hash = (SELECT chain_hash FROM new_leaf WHERE position = last_position)
  WHERE size = first_position AND last_position - first_position + 1 = added;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'positions % to % do not continue the audit log', first_position, last_position
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  DELETE FROM tenantry.audit_pending USING new_leaf WHERE audit_pending.entry_id = new_leaf.entry_id;
  GET DIAGNOSTICS waiting = ROW_COUNT;
  IF waiting <> added THEN
    RAISE EXCEPTION 'only an entry that waits for a position gets one' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER audit_leaf_advance AFTER INSERT ON tenantry.audit_leaf REFERENCING NEW TABLE AS new_leaf
  FOR EACH STATEMENT EXECUTE FUNCTION tenantry.advance_audit_head();
REVOKE EXECUTE ON FUNCTION tenantry.enqueue_audit_entry(), tenantry.advance_audit_head() FROM PUBLIC;

CREATE TRIGGER audit_leaf_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tenantry.audit_leaf
  FOR EACH STATEMENT EXECUTE FUNCTION tenantry.refuse_rewrite();
CREATE TRIGGER audit_node_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tenantry.audit_node
  FOR EACH STATEMENT EXECUTE FUNCTION tenantry.refuse_rewrite();
CREATE TRIGGER audit_checkpoint_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tenantry.audit_checkpoint
  FOR EACH STATEMENT EXECUTE FUNCTION tenantry.refuse_rewrite();
CREATE TRIGGER signing_key_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tenantry.signing_key
  FOR EACH STATEMENT EXECUTE FUNCTION tenantry.refuse_rewrite();

-- What an earlier version wrote is sequenced too, in the order of its ids; the triggers above hold further inserts back until the commit.
INSERT INTO tenantry.audit_pending (entry_id) SELECT id FROM tenantry.audit_entry ORDER BY id;

GRANT SELECT ON tenantry.audit_pending, tenantry.audit_head TO tenantry_control;
GRANT UPDATE (single) ON tenantry.audit_head TO tenantry_control;
GRANT SELECT, INSERT ON tenantry.audit_leaf, tenantry.audit_node, tenantry.audit_checkpoint, tenantry.signing_key TO tenantry_control;
`;
