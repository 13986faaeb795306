import type { Capability, ObservedState, TenantState } from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';

/** A tenant that a participant was asked about and has not shown to be purged: it may still have its data. */
export interface HeldTenant {
  readonly tenantId: string;
  readonly slug: string;
  readonly state: TenantState;
  /** Where the participant last acknowledged that the tenant is. */
  readonly observed: ObservedState;
  /** The generation that it acknowledged; 0 for none. */
  readonly generation: number;
}

// Whoever neither destroys nor verifies holds nothing that a purge would wait for.
const HELD = `FROM tenantry.tenant_participant held
  JOIN tenantry.tenant t ON t.id = held.tenant_id AND t.state <> 'PURGED'
  JOIN tenantry.participant p ON p.name = held.participant AND p.capabilities && '{purge,verify}'
  WHERE held.participant = $1 AND held.observed <> 'purged'`;

// What was met is asked for everything until it is destroyed: to close, to open again and to destroy; and scanned for until it is PURGED.
const NEEDED = `FROM tenantry.tenant_participant met
  JOIN tenantry.tenant t ON t.id = met.tenant_id AND t.state <> 'PURGED'
  WHERE met.participant = $1 AND ('verify' = ANY ($2::text[])
    OR met.observed <> 'purged' AND ('purge' = ANY ($2::text[]) OR t.desired <> 'purged'))`;

/** The first tenants, by id, that a participant has met and needs one of these capabilities for. */
export function tenantsInNeed(
  sql: SqlExecutor,
  name: string,
  capabilities: readonly Capability[],
  limit: number,
): Promise<{ id: string; slug: string }[]> {
  return sql.query(`SELECT t.id, t.slug ${NEEDED} ORDER BY t.id LIMIT $3`, [name, capabilities, limit]);
}

/** How many there are. */
export async function countTenantsInNeed(
  sql: SqlExecutor,
  name: string,
  capabilities: readonly Capability[],
): Promise<number> {
  const [row] = await sql.query<{ count: string }>(`SELECT count(*) AS count ${NEEDED}`, [
    name,
    capabilities,
  ]);
  return Number(row?.count ?? 0);
}

/** The tenants that a participant holds, by id, after the given one. */
export async function heldTenants(
  sql: SqlExecutor,
  name: string,
  limit: number,
  after: string | null = null,
): Promise<HeldTenant[]> {
  const rows = await sql.query<Omit<HeldTenant, 'generation'> & { readonly generation: string }>(
    `SELECT held.tenant_id AS "tenantId", t.slug, t.state, held.observed, held.observed_generation AS generation ${HELD}
       AND ($2::uuid IS NULL OR held.tenant_id > $2) ORDER BY held.tenant_id LIMIT $3`,
    [name, after, limit],
  );
  return rows.map((row) => ({ ...row, generation: Number(row.generation) }));
}

/** How many there are. */
export async function countHeldTenants(sql: SqlExecutor, name: string): Promise<number> {
  const [row] = await sql.query<{ count: string }>(`SELECT count(*) AS count ${HELD}`, [name]);
  return Number(row?.count ?? 0);
}
