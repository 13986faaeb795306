import type { Isolation, StateRecord } from '@tenantry/contracts';
import { tenantDatabaseName, tenantSchemaName, pooledSchemaName } from '@tenantry/contracts';
import { createRequestHandler, type ServiceDefinition } from '@tenantry/data-plane-kit';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { escapeIdentifier, Client, Pool } from 'pg';
import { kitDatabase, TEST_LOGINS, type KitDatabase } from '../kit-database.js';
import { requestedWork, UNDISTURBED } from '../requested-work.js';
import { stateRecord } from '../state-record.js';
import { fillTables } from './fill-tables.js';
import { tenantTables, type TenantTable } from './tenant-table.js';

/** A tenant with rows in every table, and where they are. */
export interface StagedTenant {
  readonly id: string;
  readonly isolation: Isolation;
  /** Of its fence and its route. */
  readonly generation: number;
  /** The database that holds its rows, as a superuser. */
  readonly adminUrl: string;
  /** The same as the login that serves the tenant. */
  readonly servingUrl: string;
  readonly schema: string;
  /** The role that its transactions switch to. */
  readonly role: string | undefined;
  readonly tables: readonly TenantTable[];
  /** As the control plane tells it. */
  readonly record: StateRecord;
}

export interface StageOptions {
  readonly service: ServiceDefinition;
  /** Default: all three. */
  readonly models?: readonly Isolation[];
  /** Gives a tenant rows that cannot be made up from the catalogue; table names are unqualified, row security does not apply. */
  readonly fill?: (sql: SqlExecutor, tenantId: string) => Promise<void>;
}

/** A service's database, made for the occasion, with two tenants of each model. */
export interface IsolationStage {
  readonly database: KitDatabase;
  readonly tenants: readonly StagedTenant[];
  drop(): Promise<void>;
}

const MODELS: readonly Isolation[] = ['pooled', 'schema', 'database'];
const TENANTS_EACH = 2;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** Makes one on the server of TEST_DATABASE_URL, a superuser's URL. */
export async function isolationStage({
  service,
  models = MODELS,
  fill,
}: StageOptions): Promise<IsolationStage> {
  const database = await kitDatabase(service, { tenantDatabases: models.includes('database') });
  const pool = new Pool({ connectionString: database.provisionerUrl, max: 2 });
  try {
    const handle = createRequestHandler({ service, pool, logger: quiet, tenantLogins: TEST_LOGINS });
    const tenants: StagedTenant[] = [];
    for (const isolation of models)
      for (let n = 0; n < TENANTS_EACH; n++) {
        const id = newId();
        await handle(
          requestedWork({ tenantId: id, verb: 'provisioning', generation: 1, isolation }),
          UNDISTURBED,
        );
        tenants.push(await staged(database, service, id, isolation, fill));
      }
    return { database, tenants, drop: () => database.drop() };
  } catch (error) {
    await pool.end();
    await database.drop();
    throw error;
  } finally {
    if (!pool.ended) await pool.end();
  }
}

async function staged(
  database: KitDatabase,
  { store }: ServiceDefinition,
  id: string,
  isolation: Isolation,
  fill: StageOptions['fill'],
): Promise<StagedTenant> {
  const own = tenantDatabaseName(id, store);
  const isOwn = isolation === 'database';
  const adminUrl = isOwn ? inDatabase(database.adminUrl, own) : database.adminUrl;
  const servingUrl = isOwn
    ? inDatabase(database.adminUrl, own, { name: own, password: TEST_LOGINS.password('default', own) })
    : database.appUrl;
  const schema = isolation === 'schema' ? tenantSchemaName(id, store) : pooledSchemaName(store);
  const tables = await withClient(adminUrl, async (sql) => {
    await sql.query(`SET search_path TO ${escapeIdentifier(schema)}, pg_temp`);
    await fill?.(sql, id);
    const found = await tenantTables(sql, schema);
    await fillTables(sql, found, id);
    return found;
  });
  const role = isolation === 'schema' ? schema : undefined;
  const told = stateRecord({ tenantId: id, state: 'ACTIVE', generation: 1, isolation, store });
  const record = {
    ...told,
    routes: told.routes.map((route) => ({ ...route, database: isOwn ? own : null })),
  };
  return { id, isolation, generation: 1, adminUrl, servingUrl, schema, role, tables, record };
}

/** Runs `work` on a connection of its own. */
export async function withClient<T>(url: string, work: (sql: SqlExecutor) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(pgExecutor(client));
  } finally {
    await client.end();
  }
}

function inDatabase(
  url: string,
  name: string,
  login?: { readonly name: string; readonly password: string },
): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  if (login) {
    other.username = login.name;
    other.password = encodeURIComponent(login.password);
  }
  return other.href;
}
