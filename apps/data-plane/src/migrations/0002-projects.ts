/**
 * Projects and their documents. The tenant leads every key, so that no reference can cross tenants, whatever the
 * statement that makes it.
 */
export const PROJECTS_SQL = `
CREATE TABLE project (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  description text NOT NULL,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT project_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT project_name_not_empty CHECK (name <> ''),
  CONSTRAINT project_version_positive CHECK (version > 0)
);

CREATE TABLE document (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  project_id uuid NOT NULL,
  title text NOT NULL,
  content text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT document_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT document_project_fk FOREIGN KEY (tenant_id, project_id) REFERENCES project (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT document_title_not_empty CHECK (title <> '')
);
CREATE INDEX document_by_project ON document (tenant_id, project_id, id);
`;
