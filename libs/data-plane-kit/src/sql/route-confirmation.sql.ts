/** When a process of this service last knew every route and had saved them all: how old a snapshot is at the start in an outage. */
export const ROUTE_CONFIRMATION_SQL = `
CREATE TABLE tenantry.route_confirmation (
  only_one boolean NOT NULL DEFAULT true,
  confirmed_at timestamptz NOT NULL,
  CONSTRAINT route_confirmation_pkey PRIMARY KEY (only_one),
  CONSTRAINT route_confirmation_only_one CHECK (only_one)
);
GRANT SELECT, INSERT, UPDATE ON tenantry.route_confirmation TO tenantry_provisioner;
`;
