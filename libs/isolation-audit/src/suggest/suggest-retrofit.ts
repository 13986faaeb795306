import { escapeIdentifier, escapeLiteral } from 'pg';
import type { SqlExecutor } from '@tenantry/database';
import { contextStatements, RETROFIT_SCHEMA } from './context.sql.js';
import { contractSteps, indexSteps, referenceSteps, type Draft } from './key-steps.js';
import type { Phase, RetrofitStep } from './retrofit-step.js';
import {
  readSingleTenantSchema,
  type RetrofitTable,
  type SingleTenantSchema,
} from './single-tenant-schema.js';

export interface RetrofitOptions {
  /** Whose all the present rows are. */
  readonly tenant: string;
  /** The role that is to serve; made, without a login, when missing. */
  readonly appRole: string;
  /** Default: `tenant_id`. */
  readonly tenantColumn?: string;
  readonly globalTables?: readonly string[];
}

/**
 * The steps that make a single-tenant schema hold many. It reads the catalogue and runs nothing.
 *
 * @throws UnusableAudit when every table has the column already, or is global.
 */
export async function suggestRetrofit(sql: SqlExecutor, options: RetrofitOptions): Promise<RetrofitStep[]> {
  const { tenantColumn = 'tenant_id', globalTables = [] } = options;
  const schema = await readSingleTenantSchema(sql, tenantColumn, globalTables);
  const column = escapeIdentifier(tenantColumn);
  const role = escapeIdentifier(options.appRole);
  const { tables } = schema;
  const drafts: [Phase, Draft][] = [
    [
      'expand',
      {
        title: 'context',
        why: 'who is there, and the log of who was not',
        transaction: true,
        statements: contextStatements(options.tenant),
      },
    ],
    ...tables.map((table): [Phase, Draft] => ['expand', columnStep(table, column, options.tenant)]),
    ...tables.flatMap((table) => indexSteps(table, column)).map((draft): [Phase, Draft] => ['expand', draft]),
    ...tables
      .flatMap((table) => referenceSteps(schema, table, column))
      .map((draft): [Phase, Draft] => ['expand', draft]),
    ['expand', roleStep(schema, options.appRole, role)],
    ...tables.map((table): [Phase, Draft] => ['observe', observeStep(table, column)]),
    ...tables.map((table): [Phase, Draft] => ['enforce', enforceStep(table, column)]),
    ...(schema.views.length > 0 ? [['enforce', viewStep(schema)] as [Phase, Draft]] : []),
    ...contractSteps(schema).map((draft): [Phase, Draft] => ['contract', draft]),
    ['contract', closeStep(schema, role)],
  ];
  return drafts.map(([phase, { title, ...rest }], index) => ({
    name: `${String(index + 1).padStart(3, '0')}-${title}`.replace(/[^\w.-]+/g, '-'),
    phase,
    ...rest,
  }));
}

/** A constant default is a note in the catalogue, no rewriting: all rows have it at once, and later ones take who writes them. */
function columnStep({ name, bare }: RetrofitTable, column: string, tenant: string): Draft {
  return {
    title: `column-${bare}`,
    why: 'whose a row is; rows that are there belong to the one tenant, and the old application needs to know nothing of it',
    transaction: true,
    statements: [
      `ALTER TABLE ${name} ADD COLUMN ${column} uuid NOT NULL DEFAULT ${escapeLiteral(tenant)}`,
      `ALTER TABLE ${name} ALTER COLUMN ${column} SET DEFAULT ${RETROFIT_SCHEMA}.tenant_of_writer()`,
    ],
  };
}

function roleStep(
  { tables, globals, views, database }: SingleTenantSchema,
  plain: string,
  role: string,
): Draft {
  const schemas = [...new Set(tables.map(({ schema }) => schema))];
  const sequences = tables.flatMap((table) => table.sequences);
  return {
    title: 'role',
    why: 'who is to serve: one that owns nothing',
    transaction: true,
    statements: [
      `DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${escapeLiteral(plain)}) THEN CREATE ROLE ${role} NOLOGIN; END IF; END $$`,
      `GRANT CONNECT ON DATABASE ${database} TO ${role}`,
      `GRANT USAGE ON SCHEMA ${schemas.join(', ')} TO ${role}`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ${tables.map(({ name }) => name).join(', ')} TO ${role}`,
      ...(globals.length + views.length > 0
        ? [`GRANT SELECT ON ${[...globals, ...views].join(', ')} TO ${role}`]
        : []),
      ...(sequences.length > 0 ? [`GRANT USAGE ON SEQUENCE ${sequences.join(', ')} TO ${role}`] : []),
    ],
  };
}

function observeStep({ name, bare }: RetrofitTable, column: string): Draft {
  const condition = `${RETROFIT_SCHEMA}.observe(${column}, ${escapeLiteral(name)})`;
  return {
    title: `observe-${bare}`,
    why: `refuses nothing: what touches rows without their tenant's context is counted in ${RETROFIT_SCHEMA}.violations`,
    transaction: true,
    statements: [
      `CREATE POLICY tenantry_observe ON ${name} USING (${condition}) WITH CHECK (${condition})`,
      `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`,
      `ALTER TABLE ${name} FORCE ROW LEVEL SECURITY`,
    ],
  };
}

function enforceStep({ name, bare }: RetrofitTable, column: string): Draft {
  const condition = `${column} = (SELECT ${RETROFIT_SCHEMA}.current_tenant())`;
  return {
    title: `enforce-${bare}`,
    why: `from here on rows are their tenant's alone; when ${RETROFIT_SCHEMA}.violations has stayed empty`,
    transaction: true,
    statements: [
      `DROP POLICY tenantry_observe ON ${name}`,
      `CREATE POLICY tenant_isolation ON ${name} USING (${condition}) WITH CHECK (${condition})`,
      `ALTER TABLE ${name} ALTER COLUMN ${column} SET DEFAULT ${RETROFIT_SCHEMA}.current_tenant()`,
    ],
  };
}

function viewStep({ views }: SingleTenantSchema): Draft {
  return {
    title: 'views',
    why: "read with their caller's rights, and so under the caller's policies",
    transaction: true,
    statements: views.map((view) => `ALTER VIEW ${view} SET (security_invoker = true)`),
  };
}

function closeStep({ database, tables }: SingleTenantSchema, role: string): Draft {
  const schemas = [...new Set(tables.map(({ schema }) => schema))];
  return {
    title: 'close',
    why: 'what is open in every new database; as a superuser. Let in by name who else may connect',
    transaction: true,
    statements: [
      `REVOKE ALL ON DATABASE ${database} FROM PUBLIC`,
      `GRANT CONNECT ON DATABASE ${database} TO ${role}`,
      ...schemas.map((schema) => `REVOKE CREATE ON SCHEMA ${schema} FROM PUBLIC`),
      `DO $$ DECLARE f regprocedure; BEGIN
  FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND proname LIKE 'pg\\_%advisory%' LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
  END LOOP;
END $$`,
      `DROP FUNCTION ${RETROFIT_SCHEMA}.observe(uuid, text)`,
      `DROP FUNCTION ${RETROFIT_SCHEMA}.tenant_of_writer()`,
      `DROP VIEW ${RETROFIT_SCHEMA}.violations`,
      `DROP TABLE ${RETROFIT_SCHEMA}.violation`,
    ],
  };
}
