import { escapeIdentifier, escapeLiteral } from 'pg';
import type { SqlExecutor } from '@tenantry/database';
import { SUPPORT_ROLE } from './support-role.js';

/** A service's table as the catalogue has it. */
interface ServiceTable {
  readonly table: string;
  readonly tenant_column: boolean;
  readonly forced: boolean;
  readonly policies: readonly Policy[];
}

interface Policy {
  readonly name: string;
  /** All of it in one text, to be compared. */
  readonly definition: string;
}

/** The one policy of a tenant table that opens it. */
export const POLICY = 'tenant_isolation';
/** Narrows that one for support: rows are reached through a recorded action only. */
const SUPPORT_POLICY = 'support_grant';

export interface TableSecurity {
  readonly schema: string;
  /** Whom the tables serve: the group that serves all (pooled), or the tenant's own role. */
  readonly role: string;
  /** The only tenant whose context opens these tables; undefined for pooled ones, whose rows say it. */
  readonly tenantId: string | undefined;
  readonly globalTables: readonly string[];
}

/**
 * What brings every table of a schema under row security, and grants what the serving role needs: statements to be run in the
 * transaction of each migration, so that no table is ever seen without it. They have no parameters and give no rows.
 *
 * @throws Error for a table that has no tenant column and is not declared global, and for one with a policy of its own,
 * since two permissive policies are OR-ed. A policy under the kit's name that reads differently is replaced.
 */
export async function securingStatements(sql: SqlExecutor, security: TableSecurity): Promise<string[]> {
  const statements = [`GRANT USAGE ON SCHEMA ${escapeIdentifier(security.schema)} TO ${SUPPORT_ROLE}`];
  const tables = await serviceTables(sql, security.schema);
  for (const table of tables) {
    const declaredGlobal = security.globalTables.includes(table.table);
    if (table.tenant_column === declaredGlobal) throw new Error(undeclared(security.schema, table));
    const foreign = table.policies
      .map(({ name }) => name)
      .filter((name) => name !== POLICY && name !== SUPPORT_POLICY);
    if (foreign.length > 0)
      throw new Error(
        `Table ${security.schema}.${table.table} has a policy of its own (${foreign.join(', ')}); leave policies to the kit.`,
      );
    statements.push(...secured(security, table));
  }
  return [...statements, ...grants(security, tables)];
}

/** One for all tables that are to be used alike: each statement is work of its own to the server. */
function grants({ schema, role }: TableSecurity, tables: readonly ServiceTable[]): string[] {
  const byRights = Map.groupBy(tables, (table) =>
    table.tenant_column ? 'SELECT, INSERT, UPDATE, DELETE' : 'SELECT',
  );
  return Array.from(byRights, ([rights, alike]) => {
    const names = alike.map((table) => nameOf(schema, table)).join(', ');
    return `GRANT ${rights} ON ${names} TO ${escapeIdentifier(role)}, ${SUPPORT_ROLE}`;
  });
}

function nameOf(schema: string, { table }: ServiceTable): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(table)}`;
}

function undeclared(schema: string, { table, tenant_column }: ServiceTable): string {
  return tenant_column
    ? `Table ${schema}.${table} has a tenant column and is declared global; it can be only one of them.`
    : `Table ${schema}.${table} has no tenant_id column; add one, or declare the table global.`;
}

function secured({ schema, tenantId }: TableSecurity, table: ServiceTable): string[] {
  const statements: string[] = [];
  const name = nameOf(schema, table);
  const condition = policyCondition(table.tenant_column, tenantId);
  if (condition !== undefined && !table.forced) {
    statements.push(`ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`);
  }
  for (const wanted of condition === undefined ? [] : policiesFor(condition)) {
    const found = table.policies.find(({ name: policy }) => policy === wanted.name);
    if (found?.definition === wanted.definition) continue;
    // The name alone proves nothing: a migration may have made this policy, or altered it.
    if (found) statements.push(`DROP POLICY ${wanted.name} ON ${name}`);
    statements.push(`CREATE POLICY ${wanted.name} ON ${name} ${wanted.sql}`);
  }
  if (condition === undefined)
    for (const { name: policy } of table.policies) statements.push(`DROP POLICY ${policy} ON ${name}`);
  return statements;
}

/**
 * A row is reached only in its tenant's context, and a tenant's own schema only in that tenant's context: the second
 * guards against a role switched in the middle of another tenant's transaction. A pooled global table is open to all.
 *
 * @returns the expression just as Postgres writes it, so that what is there can be compared with it; if some version
 * writes it differently, the policy is made anew each time.
 */
function policyCondition(tenantColumn: boolean, tenantId: string | undefined): string | undefined {
  const current = '( SELECT tenantry.current_tenant() AS current_tenant)';
  const conditions = [
    ...(tenantColumn ? [`(tenant_id = ${current})`] : []),
    ...(tenantId === undefined ? [] : [`(${current} = ${escapeLiteral(tenantId)}::uuid)`]),
  ];
  return conditions.length > 1 ? `(${conditions.join(' AND ')})` : conditions[0];
}

interface WantedPolicy {
  readonly name: string;
  /** As {@link policiesOf} reads it from the catalogue. */
  readonly definition: string;
  readonly sql: string;
}

const SUPPORT_CONDITION = '( SELECT tenantry.support_admits() AS support_admits)';

/** For every command: one for everybody, which opens the table, and a restrictive one for support. */
function policiesFor(condition: string): readonly WantedPolicy[] {
  const policy = (name: string, condition: string, permissive: boolean, role: string): WantedPolicy => ({
    name,
    definition: ['*', String(permissive), role, condition, condition].join(' '),
    sql: `AS ${permissive ? 'PERMISSIVE' : 'RESTRICTIVE'} TO ${role} USING (${condition}) WITH CHECK (${condition})`,
  });
  return [
    policy(POLICY, condition, true, 'public'),
    policy(SUPPORT_POLICY, SUPPORT_CONDITION, false, SUPPORT_ROLE),
  ];
}

async function serviceTables(sql: SqlExecutor, schema: string): Promise<ServiceTable[]> {
  const tables = await sql.query<Omit<ServiceTable, 'policies'> & { oid: number; with_policies: boolean }>(
    // Without parameters, so that it needs no message of its own.
    `SELECT c.oid, c.relname AS "table",
            EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS tenant_column,
            c.relrowsecurity AND c.relforcerowsecurity AS forced,
            EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) AS with_policies
     FROM pg_class c
     WHERE c.relkind IN ('r', 'p') AND c.oid = ANY (ARRAY(
       -- By what DROP SCHEMA goes by: pg_class has no index that finds the tables of one schema among those of thousands.
       SELECT d.objid FROM pg_depend d
       WHERE d.refclassid = 'pg_namespace'::regclass AND d.classid = 'pg_class'::regclass
         AND d.refobjid = ${escapeLiteral(escapeIdentifier(schema))}::regnamespace))
     ORDER BY c.relname`,
  );
  // What is new has none as a rule, and to write them out is what takes time.
  const oids = tables.flatMap(({ oid, with_policies }) => (with_policies ? [oid] : []));
  const policies = oids.length > 0 ? await policiesOf(sql, oids) : new Map<number, Policy[]>();
  return tables.map((table) => ({ ...table, policies: policies.get(table.oid) ?? [] }));
}

async function policiesOf(sql: SqlExecutor, oids: readonly number[]): Promise<Map<number, Policy[]>> {
  const rows = await sql.query<Policy & { table: number }>(
    `SELECT p.polrelid AS "table", p.polname AS name,
            concat_ws(' ', p.polcmd, p.polpermissive::text,
              (SELECT string_agg(coalesce(r.rolname, 'public'), ',') FROM unnest(p.polroles) o LEFT JOIN pg_roles r ON r.oid = o),
              pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) AS definition
     FROM pg_policy p WHERE p.polrelid = ANY ($1)`,
    [oids],
  );
  return Map.groupBy(rows, (row) => row.table);
}
