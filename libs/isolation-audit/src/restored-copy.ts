import type { SqlExecutor } from '@tenantry/database';
import { UnusableAudit } from './audit-options.js';
import type { Finding } from './finding.js';
import { SUBJECTS_SQL } from './subjects.sql.js';

interface Counted {
  readonly table: string;
  /** What says whose a row is; null: the whole table is one tenant's. */
  readonly column: string | null;
  /** How many rows each tenant has, by its id. */
  readonly rows: ReadonlyMap<string, number>;
}

/**
 * Counts each tenant's rows here and in a restored copy. A dump by a login that row security binds succeeds and holds nothing;
 * only counting shows it. Reads both databases whole.
 *
 * @throws UnusableAudit when either login is bound by row security itself.
 */
export async function compareRestored(
  here: SqlExecutor,
  restored: SqlExecutor,
  parameters: readonly unknown[],
): Promise<Finding[]> {
  for (const [sql, which] of [
    [here, 'audited'],
    [restored, 'restored'],
  ] as const)
    await refuseBound(sql, which);
  const findings: Finding[] = [];
  for (const expected of await countAll(here, parameters)) {
    const found = await countOne(restored, expected);
    const less = [...expected.rows].filter(([tenant, count]) => (found?.get(tenant) ?? 0) !== count).length;
    if (found && less === 0) continue;
    findings.push({
      probe: 'restored-rows-differ',
      hole: 23,
      severity: 'critical',
      object: { type: 'table', name: expected.table },
      what: found
        ? `The restored copy has other numbers of rows for ${less} of ${expected.rows.size} tenants.`
        : 'The restored copy does not have the table.',
      mend: '-- dump with a login that has BYPASSRLS, without --enable-row-security, and try the restore again',
    });
  }
  return findings;
}

async function refuseBound(sql: SqlExecutor, which: string): Promise<void> {
  const [me] = await sql.query<{ free: boolean }>(
    'SELECT rolsuper OR rolbypassrls AS free FROM pg_roles WHERE rolname = current_user',
  );
  if (!me?.free)
    throw new UnusableAudit(
      `the login of the ${which} database is bound by row security: it cannot count every tenant's rows`,
    );
}

async function countAll(sql: SqlExecutor, parameters: readonly unknown[]): Promise<Counted[]> {
  const tables = await sql.query<{ name: string; column: string | null }>(
    `${SUBJECTS_SQL}
SELECT r.name, CASE WHEN r.tenant_column IS NOT NULL THEN quote_ident(r.tenant_column) END AS column
FROM relation r WHERE r.kind IN ('r', 'p') AND (r.tenant_attnum IS NOT NULL OR r.of_tenant) AND NOT r.is_child ORDER BY 1`,
    parameters,
  );
  const counted: Counted[] = [];
  for (const { name, column } of tables)
    counted.push({ table: name, column, rows: await count(sql, name, column) });
  return counted;
}

/** Undefined when there is no such table. */
async function countOne(
  sql: SqlExecutor,
  { table, column }: Counted,
): Promise<ReadonlyMap<string, number> | undefined> {
  const [found] = await sql.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
  return found?.there ? count(sql, table, column) : undefined;
}

async function count(
  sql: SqlExecutor,
  table: string,
  column: string | null,
): Promise<ReadonlyMap<string, number>> {
  const rows = await sql.query<{ tenant: string | null; rows: string }>(
    `SELECT ${column ?? 'NULL'}::text AS tenant, count(*) AS rows FROM ${table} GROUP BY 1`,
  );
  return new Map(rows.map(({ tenant, rows: n }) => [tenant ?? '', Number(n)]));
}
