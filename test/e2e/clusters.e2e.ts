import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSystem, type SystemUnderTest } from '@tenantry/testing/servers';
import { Client } from 'pg';
import { TenantSteps, schemaOf, type Accepted, type Isolation } from './tenant-steps.js';

const MODELS: readonly Isolation[] = ['pooled', 'schema', 'database'];

/** The cluster of each plan's tenants. */
const CLUSTERS = { iron: 'default', gold: 'eu-2' } as const;
type Plan = keyof typeof CLUSTERS;

interface Refused {
  readonly code: string;
  readonly clusters: readonly { cluster: string; reason: string }[];
}

describe('two clusters', () => {
  let system: SystemUnderTest;
  let steps: TenantSteps;
  beforeAll(async () => {
    system = await startSystem({ transport: 'embedded', tenantDatabases: true, clusters: ['eu-2'] });
    steps = new TenantSteps(system);
    const { control } = system;
    const cluster = { name: 'eu-2', region: 'default', labels: { tier: 'gold' } };
    await control.post('/v1/clusters', { ...cluster, capacity: { database: 1 } });
    await control.patch('/v1/clusters/default', { labels: { tier: 'iron' } });
    for (const tier of Object.keys(CLUSTERS))
      await control.request('PUT', `/v1/plans/${tier}`, {
        body: { isolations: MODELS, clusterLabels: { tier } },
      });
  }, 180_000);
  afterAll(() => system?.stop());

  const create = (plan: Plan, isolation: Isolation) => {
    const slug = steps.slug();
    return system.control.post<Accepted & Refused>('/v1/tenants', { slug, name: slug, plan, isolation });
  };

  /** Asks the data plane's database on the cluster, as its administrator. */
  async function rowsOn(cluster: string, text: string, params: unknown[]): Promise<unknown[]> {
    const connectionString = system.clusterUrls[cluster] ?? system.adminUrls['data-plane'];
    const client = new Client({ connectionString });
    await client.connect();
    try {
      return (await client.query(text, params)).rows;
    } finally {
      await client.end();
    }
  }

  it('have the tenants of their plans, of every model, served by one service', async () => {
    const wanted = (['iron', 'gold'] as const).flatMap((plan) =>
      MODELS.map((isolation) => ({ plan, isolation, cluster: CLUSTERS[plan] })),
    );
    const living = await Promise.all(
      wanted.map(async ({ plan, isolation, cluster }) => {
        const { status, body } = await create(plan, isolation);
        expect(status).toBe(202);
        await steps.reaches(body.tenant.id, 'ACTIVE');
        return { id: body.tenant.id, isolation, cluster, project: await steps.project(body.tenant.id) };
      }),
    );
    for (const { id, isolation, cluster, project } of living) {
      const { body } = await system.control.get<{ routes: unknown[] }>(`/v1/routes/${id}`);
      expect(body.routes).toMatchObject([
        { isolation, cluster, database: isolation === 'database' ? schemaOf(id) : null, access: 'open' },
      ]);
      const client = await steps.admitted(id);
      const { body: list } = await client.get<{ data: { id: string }[] }>('/v1/projects');
      expect(list.data.map((one) => one.id)).toEqual([project]);
      const elsewhere = cluster === 'default' ? 'eu-2' : 'default';
      const marker = 'SELECT FROM tenantry.provisioned WHERE tenant_id = $1';
      expect([await rowsOn(cluster, marker, [id]), await rowsOn(elsewhere, marker, [id])]).toEqual([
        [{}],
        [],
      ]);
    }
  }, 90_000);

  it('refuse when they are full until a purge has made room', async () => {
    const full = await create('gold', 'database');
    expect([full.status, full.body]).toMatchObject([
      409,
      {
        code: 'no-cluster-available',
        clusters: [
          { cluster: 'default', reason: 'labels' },
          { cluster: 'eu-2', reason: 'full' },
        ],
      },
    ]);
    const { body: there } = await system.control.get<{
      data: { tenantId: string; slug: string; isolation: string }[];
    }>('/v1/clusters/eu-2/tenants');
    const { tenantId: id, slug } = there.data.find(({ isolation }) => isolation === 'database')!;
    await steps.delete({ id, slug }, 'PT0S');
    await steps.reaches(id, 'PURGED');
    const left = `SELECT datname AS name FROM pg_database WHERE datname = $1 UNION ALL SELECT rolname FROM pg_roles WHERE rolname = $1`;
    expect(await rowsOn('eu-2', left, [schemaOf(id)])).toEqual([]);
    expect((await create('gold', 'database')).status).toBe(202);
  }, 90_000);

  it('serve on while they are drained, and take nobody new', async () => {
    const { body } = await system.control.get<{ data: { tenantId: string; isolation: string }[] }>(
      '/v1/clusters/eu-2/tenants',
    );
    await system.control.patch('/v1/clusters/eu-2', { state: 'draining' });
    const refused = await create('gold', 'schema');
    expect(refused.body.clusters).toContainEqual(
      expect.objectContaining({ cluster: 'eu-2', reason: 'draining' }),
    );
    const { tenantId } = body.data.find(({ isolation }) => isolation === 'schema')!;
    await steps.suspend(tenantId);
    await steps.reaches(tenantId, 'SUSPENDED');
    await steps.reactivate(tenantId);
    await steps.reaches(tenantId, 'ACTIVE');
    await steps.admitted(tenantId);
  }, 60_000);
});
