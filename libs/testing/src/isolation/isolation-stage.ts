import type { Isolation, StateRecord } from '@tenantry/contracts';
import { tenantDatabaseName, tenantSchemaName, pooledSchemaName } from '@tenantry/contracts';
import {
  ContextSigner,
  createRequestHandler,
  installKit,
  SigningKey,
  type ServiceDefinition,
} from '@tenantry/data-plane-kit';
import { randomBytes } from 'node:crypto';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { escapeIdentifier, Pool } from 'pg';
import { kitDatabase, TEST_LOGINS, type KitDatabase } from '../kit-database.js';
import { requestedWork, UNDISTURBED } from '../requested-work.js';
import { stateRecord } from '../state-record.js';
import { fillTables } from './fill-tables.js';
import { tenantTables, type TenantTable } from './tenant-table.js';
import { withClient } from '../with-client.js';

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
  /** The call that opens its context, signed where the stage signs. */
  readonly entry: () => string;
}

export interface StageOptions {
  readonly service: ServiceDefinition;
  /** Default: all three. */
  readonly models?: readonly Isolation[];
  /** Whether contexts are signed, and by which marker. Default: they are not. */
  readonly signing?: 'mac' | 'setting' | undefined;
  /** Gives a tenant rows that cannot be made up from the catalogue; table names are unqualified, row security does not apply. */
  readonly fill?: (sql: SqlExecutor, tenantId: string) => Promise<void>;
}

/** A service's database, made for the occasion, with two tenants of each model. */
export interface IsolationStage {
  readonly database: KitDatabase;
  readonly tenants: readonly StagedTenant[];
  /** What the service signs with, where it does; for any connection, as behind a pooler. */
  readonly signer: ContextSigner | undefined;
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
  signing,
}: StageOptions): Promise<IsolationStage> {
  const database = await kitDatabase(service, { tenantDatabases: models.includes('database') });
  const key = new SigningKey(randomBytes(32).toString('hex'));
  const signer = signing && new ContextSigner({ key: () => key, binding: 'none' });
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
        tenants.push(await staged(database, service, id, { isolation, fill, signer }));
      }
    if (signing)
      await installKit(database.adminUrl, {
        appLogin: database.logins.app,
        provisionerLogin: database.logins.provisioner,
        service,
        signing: { marker: signing, keys: [key] },
      });
    return { database, tenants, signer, drop: () => database.drop() };
  } catch (error) {
    await pool.end();
    await database.drop();
    throw error;
  } finally {
    if (!pool.ended) await pool.end();
  }
}

interface StagedAs extends Pick<StageOptions, 'fill'> {
  readonly isolation: Isolation;
  readonly signer: ContextSigner | undefined;
}

async function staged(
  database: KitDatabase,
  { store }: ServiceDefinition,
  id: string,
  { isolation, fill, signer }: StagedAs,
): Promise<StagedTenant> {
  const own = tenantDatabaseName(id, store);
  const isOwn = isolation === 'database';
  const adminUrl = isOwn ? inDatabase(database.adminUrl, own) : database.adminUrl;
  const servingUrl = isOwn
    ? inDatabase(database.adminUrl, own, { name: own, password: TEST_LOGINS.password('default', own) })
    : database.appUrl;
  const schema = isolation === 'schema' ? tenantSchemaName(id, store) : pooledSchemaName(store);
  const tables = await withSql(adminUrl, async (sql) => {
    await sql.query(`SET search_path TO ${escapeIdentifier(schema)}, pg_temp`);
    await fill?.(sql, id);
    const found = await tenantTables(sql, schema);
    await fillTables(sql, found, id);
    return found;
  });
  const role = isolation === 'schema' ? schema : undefined;
  const entry = () => entryCall(id, signer);
  const told = stateRecord({ tenantId: id, state: 'ACTIVE', generation: 1, isolation, store });
  const record = {
    ...told,
    routes: told.routes.map((route) => ({ ...route, database: isOwn ? own : null })),
  };
  return { id, isolation, generation: 1, adminUrl, servingUrl, schema, role, tables, record, entry };
}

function entryCall(tenantId: string, signer: ContextSigner | undefined): string {
  if (!signer) return `tenantry.enter('${tenantId}', 1, 'w')`;
  const { expiresAt, keyId, mac, pid } = signer.sign({ tenantId, generation: 1, readOnly: false }, 0);
  return `tenantry.enter('${tenantId}', 1, 'w', ${expiresAt}, ${keyId}, '\\x${mac.toString('hex')}', ${pid})`;
}

/** Runs `work` on a connection of its own. */
export function withSql<T>(url: string, work: (sql: SqlExecutor) => Promise<T>): Promise<T> {
  return withClient(url, (client) => work(pgExecutor(client)));
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
