/** What requests with an Idempotency-Key came to; written in the transaction of their effect. */
export const IDEMPOTENCY_SQL = `
CREATE TABLE idempotency_key (
  tenant_id uuid NOT NULL,
  caller text NOT NULL,
  key text NOT NULL,
  fingerprint text NOT NULL,
  answer jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT idempotency_key_pk PRIMARY KEY (tenant_id, caller, key)
);
CREATE INDEX idempotency_key_by_age ON idempotency_key (tenant_id, created_at);
`;
