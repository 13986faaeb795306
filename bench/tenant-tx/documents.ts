import {
  installKit,
  onePlace,
  RouteCache,
  Tenants,
  type ContextSigning,
  type ServiceDefinition,
  ContextSigner,
  SigningKey,
} from '@tenantry/data-plane-kit';
import { kitDatabase, stateRecord } from '@tenantry/testing';
import pg from 'pg';

/** Ten of 200,000 rows belong to each tenant. */
const TENANTS = 20_000;
const ROWS = 10;

const SERVICE: ServiceDefinition = {
  name: 'bench',
  store: 'primary',
  migrations: [
    {
      name: '0001-documents',
      sql: `CREATE TABLE document (
        tenant_id uuid NOT NULL, id uuid NOT NULL, title text NOT NULL,
        CONSTRAINT document_pk PRIMARY KEY (tenant_id, id))`,
    },
  ],
  globalTables: [],
  async seed() {
    return {};
  },
};

/** The statement of every variant: all ten rows of one tenant, by the primary key. */
export const READ = 'SELECT id, title FROM document WHERE tenant_id = $1';

/** Tenants with their documents in one database, and a way to them over whatever leads to its server. */
export interface Documents {
  /** Of the login that serves, with the tables on its search path, for what is written by hand. */
  readonly appUrl: string;
  /** Of a superuser, whom no policy concerns, with the same search path. */
  readonly unscopedUrl: string;
  /** One of them, at random. */
  anyTenant(): string;
  /** The kit's way, over a pool. */
  tenantsOver(pool: pg.Pool): Tenants;
  drop(): Promise<void>;
}

/** @param marker what the database believes of a context (docs/isolation.md). */
export async function documents(marker: ContextSigning['marker']): Promise<Documents> {
  const database = await kitDatabase(SERVICE);
  const key = new SigningKey('a secret of this benchmark alone, which nobody needs to guess');
  const { app, provisioner } = database.logins;
  if (marker !== 'off')
    await installKit(database.adminUrl, {
      appLogin: app,
      provisionerLogin: provisioner,
      service: SERVICE,
      signing: { marker, keys: [key] },
    });
  await fill(database.adminUrl);
  const routes = new RouteCache();
  for (let number = 1; number <= TENANTS; number += 1)
    routes.apply(
      stateRecord({ tenantId: tenantId(number), state: 'ACTIVE', generation: 1, isolation: 'pooled' }),
    );
  routes.markComplete();
  return {
    appUrl: withTables(database.appUrl),
    unscopedUrl: withTables(database.adminUrl),
    anyTenant: () => tenantId(1 + Math.floor(Math.random() * TENANTS)),
    tenantsOver: (pool) =>
      new Tenants({
        connections: onePlace(pool),
        routes,
        store: 'primary',
        ...(marker !== 'off' && { signer: new ContextSigner({ key: () => key }) }),
      }),
    drop: () => database.drop(),
  };
}

function tenantId(number: number): string {
  return `01900000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
}

async function fill(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const tenants = `SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(t), 12, '0'))::uuid AS id FROM generate_series(1, ${TENANTS}) t`;
    await client.query(`
      INSERT INTO tenantry.fence (tenant_id, generation, access) SELECT id, 1, 'open' FROM (${tenants}) t;
      INSERT INTO pooled_primary.document (tenant_id, id, title)
      SELECT t.id, gen_random_uuid(), 'Document ' || d FROM (${tenants}) t, generate_series(1, ${ROWS}) d`);
    await client.query('VACUUM ANALYZE tenantry.fence');
    await client.query('VACUUM ANALYZE pooled_primary.document');
  } finally {
    await client.end();
  }
}

function withTables(url: string): string {
  const changed = new URL(url);
  changed.searchParams.set('options', '-c search_path=pooled_primary');
  return changed.href;
}
