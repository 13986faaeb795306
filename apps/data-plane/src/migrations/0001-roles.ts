/** Roles of one tenant's users. */
export const ROLES_SQL = `
CREATE TABLE role (
  tenant_id uuid NOT NULL,
  name text NOT NULL,
  description text NOT NULL,
  permissions text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT role_pk PRIMARY KEY (tenant_id, name),
  CONSTRAINT role_name_not_empty CHECK (name <> '')
);
`;
