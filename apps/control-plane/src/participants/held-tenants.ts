import type { ObservedState, TenantState } from '@tenantry/contracts';
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
