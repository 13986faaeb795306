/** What proves that a tenant was destroyed; written once, and never changed. */
export const DELETION_CERTIFICATES_SQL = `
ALTER TABLE tenantry.tenant ADD COLUMN certified_at timestamptz;
-- Whom a certificate is owed; empty most of the time.
CREATE INDEX tenant_uncertified_idx ON tenantry.tenant (id) WHERE state = 'PURGED' AND certified_at IS NULL;

CREATE TABLE tenantry.deletion_certificate (
  tenant_id uuid NOT NULL,
  operation_id uuid NOT NULL,
  tree_size bigint NOT NULL,
  kid text NOT NULL,
  complete boolean NOT NULL,
  jws text NOT NULL,
  issued_at timestamptz NOT NULL,
  CONSTRAINT deletion_certificate_pkey PRIMARY KEY (tenant_id),
  CONSTRAINT deletion_certificate_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenantry.tenant (id),
  CONSTRAINT deletion_certificate_operation_fkey FOREIGN KEY (operation_id) REFERENCES tenantry.operation (id),
  CONSTRAINT deletion_certificate_checkpoint_fkey FOREIGN KEY (tree_size) REFERENCES tenantry.audit_checkpoint (tree_size),
  CONSTRAINT deletion_certificate_key_fkey FOREIGN KEY (kid) REFERENCES tenantry.signing_key (kid)
);
CREATE TRIGGER deletion_certificate_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tenantry.deletion_certificate
  FOR EACH STATEMENT EXECUTE FUNCTION tenantry.refuse_rewrite();
GRANT SELECT, INSERT ON tenantry.deletion_certificate TO tenantry_control;
`;
