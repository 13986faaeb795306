import { pooledSchemaName } from '@tenantry/contracts';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { escapeIdentifier, type Pool } from 'pg';
import { TenantHeld } from '../participant/request-errors.js';
import { withClient } from '../participant/tenant-lock.js';
import { maintainTx } from '../participant/transaction.js';
import { finding } from './finding.js';
import type { OrphanFinding } from './orphan-report.js';
import type { Home, TenantSituation } from './tenant-situation.js';

/** Above every generation: reading disturbs nobody's. */
const ANY_GENERATION = Number.MAX_SAFE_INTEGER;

/**
 * Rows in shared tables of tenants that are purged and have neither marker nor tombstone here. Row security shows rows in
 * their tenant's context only, so each tenant that comes into question is looked for by itself, a bounded number in each
 * sweep; the next one goes on where this one stopped. Rows of a tenant that nobody has heard of stay unseen.
 */
export class LeftRows {
  private lastChecked = '';

  constructor(
    private readonly pool: Pool,
    private readonly limit: number,
  ) {}

  /** @returns what was found, and how many tenants were not looked for, because of the bound or because somebody had them. */
  async find(
    home: Home,
    tenantIds: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly findings: OrphanFinding[]; readonly unchecked: number }> {
    const waiting = tenantIds.toSorted();
    const next = waiting.findIndex((tenantId) => tenantId > this.lastChecked);
    const turn = [...waiting.slice(Math.max(next, 0)), ...waiting.slice(0, Math.max(next, 0))].slice(
      0,
      this.limit,
    );
    const tables = turn.length > 0 ? await pooledTables(pgExecutor(this.pool), home) : [];
    const findings: OrphanFinding[] = [];
    let held = 0;
    for (const tenantId of turn) {
      signal.throwIfAborted();
      const found = await this.findOf(tenantId, tables);
      if (found) findings.push(...found);
      else held += 1;
      this.lastChecked = tenantId;
    }
    return { findings, unchecked: waiting.length - turn.length + held };
  }

  /** Undefined when somebody has the tenant at this moment. */
  private async findOf(tenantId: string, tables: readonly string[]): Promise<OrphanFinding[] | undefined> {
    try {
      return await withClient(this.pool, (client) =>
        maintainTx(client, { tenantId, generation: ANY_GENERATION }, (sql) => rowsTx(sql, tenantId, tables)),
      );
    } catch (error) {
      if (error instanceof TenantHeld) return undefined;
      throw error;
    }
  }
}

/** Whether rows of the tenant would be nobody's. */
export function mayHaveLeftRows({ record, facts }: TenantSituation): boolean {
  return record?.state === 'PURGED' && !facts.provisioned && !facts.tombstone;
}

async function pooledTables(sql: SqlExecutor, { store }: Home): Promise<string[]> {
  const schema = pooledSchemaName(store);
  const rows = await sql.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
     ORDER BY c.relname`,
    [schema],
  );
  return rows.map(({ name }) => `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`);
}

async function rowsTx(
  sql: SqlExecutor,
  tenantId: string,
  tables: readonly string[],
): Promise<OrphanFinding[]> {
  const found: OrphanFinding[] = [];
  for (const name of tables) {
    const [row] = await sql.query<{ any: boolean }>(
      `SELECT EXISTS (SELECT FROM ${name} WHERE tenant_id = $1) AS any`,
      [tenantId],
    );
    const why = 'The tenant is purged, by a purge that did not come here, and has rows.';
    if (row!.any)
      found.push(finding('orphaned', tenantId, { type: 'rows', name }, why, 'Rows are reported only.'));
  }
  return found;
}
