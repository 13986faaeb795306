import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Isolation, pooledSchemaName, tenantDatabaseName, tenantSchemaName } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import type { WorkResult } from '@tenantry/messaging';
import {
  EXAMPLE_SERVICE,
  kitDatabase,
  type KitDatabase,
  requestedWork,
  type RequestedWork,
  stateRecord,
  UNDISTURBED,
  waitFor,
} from '@tenantry/testing';
import { Pool } from 'pg';
import { secretAt, secretOf } from '../credentials/secret.js';
import { TenantLogins } from '../credentials/tenant-logins.js';
import { createRequestHandler } from '../participant/request-handler.js';
import { ConnectionPools } from '../pools/connection-pools.js';
import { RouteCache } from '../route-cache.js';
import { Tenants } from '../tenants.js';
import { maintenanceCluster, MaintenanceClusters } from './maintenance-clusters.js';
import { Places } from './places.js';
import { ServingClusters } from './serving-clusters.js';

const MODELS: readonly Isolation[] = ['pooled', 'schema', 'database'];
const CLUSTERS = ['default', 'eu-1'] as const;

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const folder = mkdtempSync(path.join(tmpdir(), 'places-'));
const file = (name: string): string => path.join(folder, name);
const keys = { current: secretAt(`file:${file('key')}`, {}), previous: secretOf('p'.repeat(32)) };
const logins = new TenantLogins(keys);

/** Two databases on one server are two clusters as good as any: nothing is shared but roles. */
const databases: Partial<Record<string, KitDatabase>> = {};
const maintained: Pool[] = [];
let clusters: MaintenanceClusters;
let pools: ConnectionPools;
let routes: RouteCache;
let tenants: Tenants;

beforeAll(async () => {
  writeFileSync(file('key'), `${'k'.repeat(32)}\n`);
  for (const cluster of CLUSTERS)
    databases[cluster] = await kitDatabase(EXAMPLE_SERVICE, { tenantDatabases: true });
  writeFileSync(file('eu-1'), databases['eu-1']!.appUrl);
  const [home, other] = CLUSTERS.map((cluster) => {
    const { provisionerUrl } = databases[cluster]!;
    const pool = new Pool({ connectionString: provisionerUrl, max: 2 });
    maintained.push(pool);
    return maintenanceCluster(cluster, pool, secretOf(provisionerUrl), 'places-test');
  });
  clusters = new MaintenanceClusters([home!, other!]);
  routes = new RouteCache();
  routes.markComplete();
  pools = new ConnectionPools({ onLost: () => undefined });
  const urls = new Map([
    ['default', secretOf(databases['default']!.appUrl)],
    ['eu-1', secretAt(`file:${file('eu-1')}`, {})],
  ]);
  const client = { applicationName: 'places-test', queryTimeoutMs: 5000 };
  const serving = new ServingClusters({ urls, tenantLogins: logins, client });
  tenants = new Tenants({
    connections: new Places(serving, pools, logger),
    routes,
    store: 'primary',
    routeWaitMs: 50,
  });
});

afterAll(async () => {
  await pools?.end();
  await Promise.all(maintained.map((pool) => pool.end()));
  for (const database of Object.values(databases)) await database?.drop();
  rmSync(folder, { recursive: true });
});

function ask(work: RequestedWork, cluster: string): Promise<WorkResult> {
  const handler = createRequestHandler({
    service: EXAMPLE_SERVICE,
    pool: clusters.of(undefined).pool,
    clusters,
    tenantLogins: logins,
    logger,
    onStep: () => {},
  });
  const item = requestedWork(work);
  const placements = item.request.placements.map((placement) => ({ ...placement, cluster }));
  return handler({ ...item, request: { ...item.request, placements } }, UNDISTURBED);
}

let sequence = 0;

function told(
  tenantId: string,
  isolation: Isolation,
  cluster: string,
  generation: number,
  state: 'ACTIVE' | 'SUSPENDED' = 'ACTIVE',
): void {
  sequence += 1;
  const record = stateRecord({ tenantId, state, generation, isolation });
  const database = isolation === 'database' ? tenantDatabaseName(tenantId, 'primary') : null;
  const schema = isolation === 'schema' ? tenantSchemaName(tenantId, 'primary') : pooledSchemaName('primary');
  routes.apply({
    ...record,
    tenantSeq: String(sequence),
    version: sequence,
    routes: record.routes.map((route) => ({ ...route, cluster, database, schema })),
  });
}

async function activeTenant(isolation: Isolation, cluster: string): Promise<string> {
  const tenantId = newId();
  await ask({ tenantId, verb: 'provisioning', generation: 1, isolation }, cluster);
  told(tenantId, isolation, cluster, 1);
  return tenantId;
}

const add = (tenantId: string, text: string): Promise<unknown> =>
  tenants.query(tenantId, {
    text: 'INSERT INTO note VALUES ($1, $2, $3)',
    values: [tenantId, newId(), text],
  });
const notes = async (tenantId: string): Promise<string[]> =>
  (await tenants.query<{ text: string }>(tenantId, { text: 'SELECT text FROM note ORDER BY text' })).map(
    ({ text }) => text,
  );

async function rowsIn(cluster: string, text: string, values: unknown[]): Promise<unknown[]> {
  const admin = new Pool({ connectionString: databases[cluster]!.adminUrl, max: 1 });
  try {
    return (await admin.query(text, values)).rows;
  } finally {
    await admin.end();
  }
}

describe('the places where tenants live', () => {
  const mixed = CLUSTERS.flatMap((cluster) => MODELS.map((isolation) => ({ cluster, isolation })));

  it('are all reached by one code path, and no tenant reaches another', async () => {
    const living: string[] = [];
    for (const { cluster, isolation } of mixed) living.push(await activeTenant(isolation, cluster));
    await Promise.all(living.map((tenantId) => add(tenantId, tenantId)));
    for (const tenantId of living) expect(await notes(tenantId)).toEqual([tenantId]);
    const elsewhere = await rowsIn(
      'default',
      'SELECT tenant_id FROM tenantry.provisioned WHERE tenant_id = ANY ($1)',
      [living.slice(3)],
    );
    expect(elsewhere).toEqual([]);
  });

  it.each(mixed)('are emptied where they are: $isolation on $cluster', async ({ cluster, isolation }) => {
    const tenantId = await activeTenant(isolation, cluster);
    await add(tenantId, 'x');
    await ask({ tenantId, verb: 'suspension', generation: 2, isolation }, cluster);
    // The route is still the old one; what refuses is the database. The goodbye of a session that it ended may still be under way.
    await waitFor('the tenant to be refused', async () => {
      const code = await notes(tenantId).then(
        () => 'let in',
        (error: { code: unknown }) => error.code,
      );
      expect(['tenant-suspended', '57P01']).toContain(code);
      return code === 'tenant-suspended';
    });
    await ask({ tenantId, verb: 'reactivation', generation: 3, isolation }, cluster);
    told(tenantId, isolation, cluster, 3);
    expect(await notes(tenantId)).toEqual(['x']);
    const { evidence } = await ask({ tenantId, verb: 'purge', generation: 4, isolation }, cluster);
    expect(Object.values(evidence?.['tables'] as object)).toContainEqual({ rowsBefore: 1, rowsAfter: 0 });
    expect(
      await rowsIn(cluster, 'SELECT generation::int FROM tenantry.tombstone WHERE tenant_id = $1', [
        tenantId,
      ]),
    ).toEqual([{ generation: 4 }]);
    await expect(notes(tenantId)).rejects.toMatchObject({
      code: isolation === 'database' ? 'stale-route' : 'tenant-unknown',
    });
  });

  it('are refused where they are on a cluster that nobody told of', async () => {
    const tenantId = newId();
    await expect(
      ask({ tenantId, verb: 'provisioning', generation: 1, isolation: 'pooled' }, 'mars'),
    ).rejects.toMatchObject({ name: 'PlacementRefused', retryable: false });
    told(tenantId, 'pooled', 'mars', 1);
    await expect(notes(tenantId)).rejects.toMatchObject({ code: 'cluster-unknown' });
  });
});

describe('credentials', () => {
  /** Connections that are open go on with what they were opened by. */
  const reconnect = async (tenantId: string): Promise<void> => {
    await rowsIn(
      'eu-1',
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'places-test'`,
      [],
    );
    await notes(tenantId).catch(() => undefined);
  };

  it('of a cluster are rotated without a restart, whichever side changes first', async () => {
    const tenantId = await activeTenant('pooled', 'eu-1');
    await add(tenantId, 'kept');
    const { name } = databases['eu-1']!.logins.app;
    const url = new URL(databases['eu-1']!.appUrl);
    url.password = 'rotated';
    writeFileSync(file('eu-1'), url.href);
    await reconnect(tenantId);
    expect(await notes(tenantId)).toEqual(['kept']);
    await rowsIn('eu-1', `ALTER ROLE ${name} PASSWORD 'rotated'`, []);
    await reconnect(tenantId);
    expect(await notes(tenantId)).toEqual(['kept']);
  });

  it('of a tenant’s own login hold by the key before, until it is opened again with the present one', async () => {
    const tenantId = newId();
    writeFileSync(file('key'), 'p'.repeat(32));
    await ask({ tenantId, verb: 'provisioning', generation: 1, isolation: 'database' }, 'eu-1');
    told(tenantId, 'database', 'eu-1', 1);
    await add(tenantId, 'kept');
    writeFileSync(file('key'), 'n'.repeat(32));
    await reconnect(tenantId);
    expect(await notes(tenantId)).toEqual(['kept']);
    await ask({ tenantId, verb: 'reactivation', generation: 2, isolation: 'database' }, 'eu-1');
    told(tenantId, 'database', 'eu-1', 2);
    const login = {
      name: tenantDatabaseName(tenantId, 'primary'),
      password: logins.password('eu-1', tenantDatabaseName(tenantId, 'primary')),
    };
    const direct = new URL(databases['eu-1']!.adminUrl);
    Object.assign(direct, { pathname: `/${login.name}`, username: login.name, password: login.password });
    const own = new Pool({ connectionString: direct.href, max: 1 });
    await own.query('SELECT 1');
    await own.end();
    expect(await notes(tenantId)).toEqual(['kept']);
  });
});
