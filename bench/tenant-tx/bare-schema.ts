import { tenantSchemaName } from '@tenantry/contracts';
import type { ServiceDefinition } from '@tenantry/data-plane-kit';
import type { Client } from 'pg';

/**
 * What somebody would write who makes a tenant's schema by hand: the same role, tables, policies and grants as the kit, in one transaction.
 * Nothing else: no fence, no seeds, no record of what was done.
 */
export function bareSchemaStatements(
  { migrations, globalTables }: ServiceDefinition,
  tenantId: string,
): string[] {
  const name = tenantSchemaName(tenantId, 'primary');
  const tables = migrations.flatMap(({ sql }) =>
    Array.from(sql.matchAll(/CREATE TABLE (\w+)/g), ([, table]) => table!),
  );
  const own = tables.filter((table) => !globalTables.includes(table));
  const inContext = `(SELECT tenantry.current_tenant()) = '${tenantId}'::uuid`;
  const secured = tables.map((table) => {
    const condition = globalTables.includes(table)
      ? inContext
      : `tenant_id = (SELECT tenantry.current_tenant()) AND ${inContext}`;
    const support = '(SELECT tenantry.support_admits())';
    return `
ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON ${table} USING (${condition}) WITH CHECK (${condition});
CREATE POLICY support_grant ON ${table} AS RESTRICTIVE TO tenantry_support USING (${support}) WITH CHECK (${support});`;
  });
  const script = `
BEGIN;
CREATE ROLE ${name} NOLOGIN NOINHERIT; GRANT ${name} TO tenantry_app WITH INHERIT FALSE, SET TRUE;
CREATE SCHEMA ${name}; GRANT USAGE ON SCHEMA ${name} TO ${name}, tenantry_support;
SET LOCAL search_path TO ${name}, pg_temp;
${migrations.map(({ sql }) => sql).join(';\n')};
${secured.join('\n')}
GRANT SELECT, INSERT, UPDATE, DELETE ON ${own.join(', ')} TO ${name}, tenantry_support;
GRANT SELECT ON ${globalTables.join(', ')} TO ${name}, tenantry_support;
COMMIT;`;
  return script.split(';').filter((statement) => statement.trim() !== '');
}

const SHAPE = `
SELECT concat_ws(' ', c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relacl,
  (SELECT string_agg(concat_ws(' ', p.polname, p.polcmd, p.polpermissive, p.polroles::regrole[], pg_get_expr(p.polqual, p.polrelid),
     pg_get_expr(p.polwithcheck, p.polrelid)), ';' ORDER BY p.polname) FROM pg_policy p WHERE p.polrelid = c.oid)) AS line
FROM pg_class c WHERE c.relnamespace = $1::text::regnamespace
UNION ALL SELECT concat_ws(' ', 'schema', n.nspowner::regrole, n.nspacl) FROM pg_namespace n WHERE n.oid = $1::text::regnamespace
UNION ALL SELECT concat_ws(' ', 'member', m.member::regrole, m.admin_option, m.inherit_option, m.set_option)
  FROM pg_auth_members m WHERE m.roleid = $1::text::regrole
ORDER BY 1`;

/** @throws Error when the two tenants' schemas are not made of the same objects: then their times would say nothing. */
export async function requireSameObjects(admin: Client, one: string, other: string): Promise<void> {
  const [made, bare] = [await shapeOf(admin, one), await shapeOf(admin, other)];
  const differing = made
    .filter((line) => !bare.includes(line))
    .concat(bare.filter((line) => !made.includes(line)));
  if (differing.length > 0 || made.length === 0)
    throw new Error(`the kit and the bare DDL do not make the same:\n${differing.join('\n')}`);
}

async function shapeOf(admin: Client, tenantId: string): Promise<string[]> {
  const name = tenantSchemaName(tenantId, 'primary');
  const { rows } = await admin.query<{ line: string }>(SHAPE, [name]);
  return rows.map(({ line }) => line.replaceAll(name, 'schema').replaceAll(tenantId, 'tenant'));
}
