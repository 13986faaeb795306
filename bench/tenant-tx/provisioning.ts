import { tenantDatabaseName, tenantSchemaName } from '@tenantry/contracts';
import { createRequestHandler } from '@tenantry/data-plane-kit';
import { newId } from '@tenantry/kernel';
import { EXAMPLE_SERVICE, kitDatabase, requestedWork, TEST_LOGINS, UNDISTURBED } from '@tenantry/testing';
import { Client, Pool } from 'pg';
import type { Row } from '../report.ts';
import { median, rounded } from '../statistics.ts';

/** What making a tenant takes, against what the server takes for its objects alone. Medians, in milliseconds. */
export interface Provisioning {
  readonly schemaMs: number;
  /** The same tables, row security, policies and grants, sent in one transaction. */
  readonly bareDdlMs: number;
  readonly schemaRatio: number;
  readonly databaseMs: number;
  /** CREATE DATABASE of the same template alone. */
  readonly bareCopyMs: number;
  readonly databaseRatio: number;
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** How often each is made. */
const SAMPLES = 25;
const AT_MOST = 1.3;

/** Both as rows of the table, with what is to be reached. */
export async function making(): Promise<{
  rows: Row[];
  figures: Provisioning;
  ratios: Record<string, number>;
}> {
  const figures = await provisioning(SAMPLES);
  const { schemaMs, bareDdlMs, schemaRatio, databaseMs, bareCopyMs, databaseRatio } = figures;
  const row = (what: string, ms: number, bareMs: number, ratio: number): Row => ({
    what,
    value: `${rounded(ms)} ms`,
    comparedWith: `${rounded(bareMs)} ms`,
    ratio: `${rounded(ratio)} x`,
    target: `<= ${AT_MOST} x`,
    met: ratio <= AT_MOST,
  });
  return {
    rows: [
      row('a schema provisioned, against its DDL in one transaction', schemaMs, bareDdlMs, schemaRatio),
      row('a database provisioned, against its copy alone', databaseMs, bareCopyMs, databaseRatio),
    ],
    figures,
    ratios: { schemaProvisioning: schemaRatio, databaseProvisioning: databaseRatio },
  };
}

/** Measures the two in turns, so that whatever else the machine does hits both alike. TEST_DATABASE_URL names the server. */
export async function provisioning(samples: number): Promise<Provisioning> {
  const database = await kitDatabase(EXAMPLE_SERVICE, { tenantDatabases: true });
  const pool = new Pool({ connectionString: database.provisionerUrl, max: 2 });
  const admin = new Client({ connectionString: database.adminUrl });
  await admin.connect();
  const handler = createRequestHandler({
    service: EXAMPLE_SERVICE,
    pool,
    tenantLogins: TEST_LOGINS,
    logger: SILENT,
    onStep: () => {},
  });
  const ask = (tenantId: string, verb: 'provisioning' | 'purge', isolation: 'schema' | 'database') =>
    handler(requestedWork({ tenantId, verb, generation: verb === 'purge' ? 2 : 1, isolation }), UNDISTURBED);
  const times = {
    schema: [] as number[],
    ddl: [] as number[],
    database: [] as number[],
    copy: [] as number[],
  };
  try {
    const template = await templateOf(admin);
    for (let sample = -2; sample < samples; sample += 1) {
      const tenantId = newId();
      const other = newId();
      const taken = {
        schema: await timed(() => ask(tenantId, 'provisioning', 'schema')),
        ddl: await timed(() => admin.query(bareDdl(other))),
        database: await timed(() => ask(newTenant(), 'provisioning', 'database')),
        copy: await timed(() =>
          admin.query(`CREATE DATABASE ${tenantDatabaseName(other, 'primary')} TEMPLATE ${template}`),
        ),
      };
      // The first ones warm up the server and us.
      if (sample >= 0)
        for (const [name, ms] of Object.entries(taken)) times[name as keyof typeof times].push(ms);
      await ask(tenantId, 'purge', 'schema');
      await ask(newTenant.last, 'purge', 'database');
      await admin.query(`DROP DATABASE ${tenantDatabaseName(other, 'primary')}`);
      await admin.query(
        `DROP SCHEMA ${tenantSchemaName(other, 'primary')} CASCADE; DROP ROLE ${tenantSchemaName(other, 'primary')}`,
      );
    }
  } finally {
    await Promise.all([pool.end(), admin.end()]);
    await database.drop();
  }
  const [schemaMs, bareDdlMs, databaseMs, bareCopyMs] = [
    times.schema,
    times.ddl,
    times.database,
    times.copy,
  ].map(median) as [number, number, number, number];
  return {
    schemaMs,
    bareDdlMs,
    schemaRatio: schemaMs / bareDdlMs,
    databaseMs,
    bareCopyMs,
    databaseRatio: databaseMs / bareCopyMs,
  };
}

const newTenant = Object.assign(() => (newTenant.last = newId()), { last: '' });

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

async function templateOf(admin: Client): Promise<string> {
  const { rows } = await admin.query<{ name: string }>(
    `SELECT datname::text AS name FROM pg_database WHERE datname LIKE 'tenantry_template_%'
       AND position('"database":"' || current_database() || '"' IN shobj_description(oid, 'pg_database')) > 0`,
  );
  return rows[0]!.name;
}

/** What somebody would write who makes the schema by hand: in one transaction and one message. */
function bareDdl(tenantId: string): string {
  const name = tenantSchemaName(tenantId, 'primary');
  const condition = `(tenant_id = (SELECT tenantry.current_tenant())) AND ((SELECT tenantry.current_tenant()) = '${tenantId}'::uuid)`;
  const secured = ['note', 'attachment', 'label'].map(
    (table) => `
ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY; ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON ${table} USING (${condition}) WITH CHECK (${condition});
GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${name};`,
  );
  return `
BEGIN;
CREATE ROLE ${name} NOLOGIN NOINHERIT; GRANT ${name} TO tenantry_app WITH INHERIT FALSE, SET TRUE;
CREATE SCHEMA ${name}; GRANT USAGE ON SCHEMA ${name} TO ${name};
SET LOCAL search_path TO ${name}, pg_temp;
${EXAMPLE_SERVICE.migrations.map(({ sql }) => sql).join('\n')}
${secured.join('\n')}
GRANT SELECT ON currency TO ${name};
COMMIT;`;
}
