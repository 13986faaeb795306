/** Which messages about the participants' own audits have been taken in, so that each makes one entry. */
export const PARTICIPANT_AUDIT_SQL = `
CREATE TABLE tenantry.participant_audit (
  participant text NOT NULL,
  message_id uuid NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT participant_audit_pkey PRIMARY KEY (participant, message_id)
);
GRANT SELECT, INSERT ON tenantry.participant_audit TO tenantry_control;
`;
