import type { Isolation } from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';

/** What the kit's own tables say about one tenant. */
export interface TenantFacts {
  /** `settled`: unchanged for a while, so that a state record had the time to come. */
  readonly fence: { readonly generation: number; readonly settled: boolean } | undefined;
  /** The row that ends a provisioning. */
  readonly provisioned: { readonly isolation: Isolation } | undefined;
  readonly tombstone: { readonly generation: number } | undefined;
}

/** How long a fence must have stood before a tenant without a state record is spoken of. */
const SETTLED_AFTER = '10 minutes';

interface FactsRow {
  readonly tenant_id: string;
  readonly fence_generation: string | null;
  readonly fence_settled: boolean | null;
  readonly isolation: Isolation | null;
  readonly tombstone_generation: string | null;
}

/** Reads them for these tenants; every one has an entry. */
export async function readTenantFacts(
  sql: SqlExecutor,
  tenantIds: readonly string[],
): Promise<Map<string, TenantFacts>> {
  const rows = await sql.query<FactsRow>(
    `SELECT t.tenant_id, f.generation AS fence_generation, f.changed_at < now() - interval '${SETTLED_AFTER}' AS fence_settled,
            p.isolation, d.generation AS tombstone_generation
     FROM unnest($1::uuid[]) t (tenant_id)
     LEFT JOIN tenantry.fence f ON f.tenant_id = t.tenant_id
     LEFT JOIN tenantry.provisioned p ON p.tenant_id = t.tenant_id
     LEFT JOIN tenantry.tombstone d ON d.tenant_id = t.tenant_id`,
    [tenantIds],
  );
  return new Map(rows.map((row) => [row.tenant_id, factsOf(row)]));
}

/** One page of the tenants that have a fence or a marker here, after the given one and in the order of their ids. */
export async function tenantsWithBookkeeping(
  sql: SqlExecutor,
  after: string | undefined,
  limit: number,
): Promise<string[]> {
  const page = (table: string): string =>
    `(SELECT tenant_id FROM tenantry.${table} WHERE $1::uuid IS NULL OR tenant_id > $1 ORDER BY tenant_id LIMIT $2)`;
  const rows = await sql.query<{ tenant_id: string }>(
    `${page('fence')} UNION ${page('provisioned')} ORDER BY tenant_id LIMIT $2`,
    [after ?? null, limit],
  );
  return rows.map((row) => row.tenant_id);
}

function factsOf(row: FactsRow): TenantFacts {
  return {
    fence:
      row.fence_generation === null
        ? undefined
        : { generation: Number(row.fence_generation), settled: row.fence_settled === true },
    provisioned: row.isolation === null ? undefined : { isolation: row.isolation },
    tombstone:
      row.tombstone_generation === null ? undefined : { generation: Number(row.tombstone_generation) },
  };
}
