import { escapeIdentifier } from 'pg';
import type { SeedEvidence } from '../service-definition.js';
import type { LocalPlacement } from './placement.js';
import type { RequestContext } from './request-context.js';
import { PlacementRefused, TenantDataLost } from './request-errors.js';
import type { FoundSchema } from './tenant-schema.js';

/** What earlier runs left of a tenant, as its only worker finds it. */
export interface FoundTenant {
  /** What the end of a provisioning left; undefined while the tenant is half made, or not made at all. */
  readonly provisioned: { readonly seeded: SeedEvidence } | undefined;
  /** The schema of its placement. */
  readonly own: FoundSchema;
  /** The service's database here, by its name. */
  readonly here: string;
}

/**
 * @throws PlacementRefused when the tenant was provisioned in another isolation: to change it is a migration, not a provisioning.
 * @throws TenantDataLost for what was provisioned and is gone: an empty schema in its place would be announced as the tenant's data.
 */
export async function findTenant(
  { client, item, database }: RequestContext,
  { isolation, schema }: LocalPlacement,
): Promise<FoundTenant> {
  const { rows } = await client.query<
    FoundSchema & { here: string; isolation: string | null; seeded: SeedEvidence }
  >(
    `SELECT current_database()::text AS here, to_regnamespace($2) IS NOT NULL AS schema, to_regrole($2) IS NOT NULL AS role,
            p.isolation, p.seeded
     FROM (SELECT) AS one LEFT JOIN tenantry.provisioned p ON p.tenant_id = $1`,
    [item.tenantId, escapeIdentifier(schema)],
  );
  const { here, schema: present, role, isolation: provisionedIn, seeded } = rows[0]!;
  const own = { schema: present, role };
  if (provisionedIn === null) return { provisioned: undefined, own, here };
  if (provisionedIn !== isolation)
    throw new PlacementRefused(
      `The tenant is provisioned here with isolation ${provisionedIn}, the request says ${isolation}.`,
    );
  if (isolation === 'schema' && !present) throw new TenantDataLost('schema', schema);
  if (isolation === 'database' && !(await database.find()))
    throw new TenantDataLost('database', database.name);
  return { provisioned: { seeded }, own, here };
}
