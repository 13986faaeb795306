/** A checkpoint is of the log as it is: one of a size that it never had would keep every later one from being signed. */
export const CHECKPOINTS_OF_THE_HEAD_SQL = `
CREATE FUNCTION tenantry.check_audit_checkpoint() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  head bigint;
BEGIN
  -- FOR SHARE needs more than a login has; who signs holds the row's lock anyway.
  SELECT size INTO head FROM tenantry.audit_head;
  IF NEW.tree_size IS DISTINCT FROM head THEN
    RAISE EXCEPTION 'a checkpoint of % entries is not of the audit log, which has %', NEW.tree_size, head
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER audit_checkpoint_of_the_head BEFORE INSERT ON tenantry.audit_checkpoint
  FOR EACH ROW EXECUTE FUNCTION tenantry.check_audit_checkpoint();
REVOKE EXECUTE ON FUNCTION tenantry.check_audit_checkpoint() FROM PUBLIC;

-- A key is published for its first signature, which is looked for on every read.
CREATE INDEX audit_checkpoint_kid_idx ON tenantry.audit_checkpoint (kid, tree_size);
CREATE INDEX deletion_certificate_kid_idx ON tenantry.deletion_certificate (kid, issued_at);
`;
