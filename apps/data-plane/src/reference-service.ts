import type { ServiceDefinition } from '@tenantry/data-plane-kit';
import { ROLES_SQL } from './migrations/0001-roles.js';
import { PROJECTS_SQL } from './migrations/0002-projects.js';
import { IDEMPOTENCY_SQL } from './migrations/0003-idempotency.js';
import { DEFAULT_ROLES } from './roles/default-roles.js';

type Seed = ServiceDefinition['seed'];

const seedRoles: Seed = async (sql, tenantId) => {
  await sql.query(
    `INSERT INTO role (tenant_id, name, description, permissions)
     SELECT $1, name, description, string_to_array(permissions, ' ')
     FROM unnest($2::text[], $3::text[], $4::text[]) AS given (name, description, permissions)
     ON CONFLICT ON CONSTRAINT role_pk DO NOTHING`,
    [
      tenantId,
      DEFAULT_ROLES.map(({ name }) => name),
      DEFAULT_ROLES.map(({ description }) => description),
      DEFAULT_ROLES.map(({ permissions }) => permissions.join(' ')),
    ],
  );
  const rows = await sql.query<{ name: string }>('SELECT name FROM role ORDER BY name');
  return { roles: rows.map(({ name }) => name) };
};

/** This service, as the kit sees it. @param name the participant's name. */
export function referenceService(name: string): ServiceDefinition {
  return {
    name,
    store: 'primary',
    migrations: [
      { name: '0001-roles', sql: ROLES_SQL },
      { name: '0002-projects', sql: PROJECTS_SQL },
      { name: '0003-idempotency', sql: IDEMPOTENCY_SQL },
    ],
    globalTables: [],
    seed: seedRoles,
  };
}
