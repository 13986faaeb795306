import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Isolation } from '@tenantry/contracts';
import { migrate } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import type { Problem } from '@tenantry/service';
import { testDatabase, waitFor } from '@tenantry/testing';
import { Client } from 'pg';
import type { ClusterView } from '../clusters/cluster.view.js';
import type { DryRunAnswer } from '../dry-run/dry-run-answer.js';
import { declareInstallation } from '../database/declare-installation.js';
import { CONTROL_PLANE_MIGRATIONS } from '../migrations/index.js';
import { ApiHarness, type Answer } from '../testing/api-harness.js';
import { manyTenants } from '../testing/many-tenants.js';
import type { Accepted } from './accepted.js';

type Created = Partial<Problem> & Accepted & { clusters?: { cluster: string; reason: string }[] };

let api: ApiHarness;
/** Holds locks, while `api.control` looks at who waits for them. */
let other: Client;
beforeAll(async () => {
  api = await ApiHarness.start();
  other = new Client({ connectionString: api.control.database.adminUrl });
  await other.connect();
});
afterEach(() => other.query('ROLLBACK'));
afterAll(async () => {
  await other.end();
  await api.stop();
});

let region: string;
let numbers = 0;
beforeEach(() => {
  region = `r${(numbers += 1)}`;
});

/** Registers a cluster in this test's region. @returns its name. */
async function cluster(suffix: string, said: object = {}): Promise<string> {
  const name = `${region}-${suffix}`;
  const { status } = await api.call('POST', '/v1/clusters', { body: { name, region, ...said } });
  expect(status).toBe(201);
  return name;
}

async function patch(name: string, body: object): Promise<void> {
  expect((await api.call('PATCH', `/v1/clusters/${name}`, { body })).status).toBe(200);
}

function create(said: object = {}, query = ''): Promise<Answer<Created>> {
  const slug = `p-${(numbers += 1)}`;
  return api.call<Created>('POST', `/v1/tenants${query}`, { body: { slug, name: slug, region, ...said } });
}

async function clusterOf(tenantId: string): Promise<string | undefined> {
  const [row] = await api.control.rows<{ cluster: string }>(
    'SELECT cluster FROM tenantry.tenant_cluster WHERE tenant_id = $1',
    [tenantId],
  );
  return row?.cluster;
}

async function tenantsOn(name: string): Promise<ClusterView['tenants']> {
  return (await api.call<ClusterView>('GET', `/v1/clusters/${name}`)).body.tenants;
}

/** Creates so many tenants at the same time. @returns how often each status, or problem's code, was answered. */
async function createAtOnce(count: number, said: object = {}): Promise<Record<string, number>> {
  const answers = await Promise.all(Array.from({ length: count }, () => create(said)));
  const outcomes = Map.groupBy(answers, ({ status, body }) => body.code ?? String(status));
  return Object.fromEntries([...outcomes].map(([outcome, all]) => [outcome, all.length]));
}

/** What is counted must be what is there. */
async function expectCounted(): Promise<void> {
  const wrong = await api.control.rows(
    `SELECT * FROM (SELECT cluster, isolation, sum(tenants) AS counted FROM tenantry.cluster_usage GROUP BY 1, 2) u
     FULL JOIN (SELECT cluster, isolation, count(*) AS there FROM tenantry.tenant_cluster GROUP BY 1, 2) t USING (cluster, isolation)
     WHERE coalesce(counted, 0) <> coalesce(there, 0)`,
  );
  expect(wrong).toEqual([]);
}

async function untilWaiting(backends: number, statement: string): Promise<void> {
  await waitFor(`${backends} to wait for a lock`, async () => {
    const blocked = await api.control.rows(
      `SELECT FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE $1`,
      [statement],
    );
    return blocked.length === backends;
  });
}

async function purged(tenantId: string): Promise<void> {
  await api.call('DELETE', `/v1/tenants/${tenantId}?gracePeriod=PT0S`);
  for (let i = 0; i < 4 && (await api.control.state(tenantId)) !== 'PURGED'; i += 1) {
    await api.control.reconcile(tenantId);
    await api.control.acknowledge(tenantId);
    await api.control.reconcile(tenantId);
  }
  expect(await api.control.state(tenantId)).toBe('PURGED');
}

describe('a tenant is placed', () => {
  it.each<Isolation>(['pooled', 'schema', 'database'])(
    'on the cluster with the fewest of the model %s for its weight',
    async (isolation) => {
      const light = await cluster('light', { weight: 100 });
      const heavy = await cluster('heavy', { weight: 200 });
      for (let i = 0; i < 6; i += 1) {
        expect((await create({ isolation })).status).toBe(202);
        // Those of another model count for nothing here.
        await create({ isolation: isolation === 'pooled' ? 'schema' : 'pooled' });
      }
      expect([(await tenantsOn(light))[isolation], (await tenantsOn(heavy))[isolation]]).toEqual([2, 4]);
    },
  );

  it('in its region, or not at all', async () => {
    await cluster('only');
    const elsewhere = await create({ region: 'nowhere' });
    expect([elsewhere.status, elsewhere.body.errors?.[0]?.pointer]).toEqual([400, '/region']);
    const { body } = await create();
    expect(await clusterOf(body.tenant.id)).toBe(`${region}-only`);
  });

  it('for good: its routes are on the cluster that it was given, whatever becomes of that', async () => {
    const name = await cluster('one');
    const { tenant } = (await create({ isolation: 'database' })).body;
    await patch(name, { state: 'closed', capacity: { database: 0 } });
    await api.control.reconcile(tenant.id);
    expect(
      await api.control.rows('SELECT cluster FROM tenantry.route WHERE tenant_id = $1', [tenant.id]),
    ).toEqual([{ cluster: name }]);
    expect(await api.audit(`tenants/${tenant.id}`)).toMatchObject([{ after: { cluster: name } }]);
  });

  it('nowhere where every cluster refuses, each with its reason', async () => {
    const full = await cluster('full', { capacity: { schema: 1 } });
    const drained = await cluster('drained');
    const closed = await cluster('closed');
    const none = await cluster('none', { capacity: { schema: 0 } });
    await patch(drained, { state: 'draining' });
    await patch(closed, { state: 'closed' });
    expect((await create({ isolation: 'schema' })).status).toBe(202);
    const { status, body } = await create({ isolation: 'schema', slug: 'refused' });
    expect([status, body]).toMatchObject([
      409,
      {
        code: 'no-cluster-available',
        clusters: [
          { cluster: closed, reason: 'closed' },
          { cluster: drained, reason: 'draining' },
          { cluster: full, reason: 'full' },
          { cluster: none, reason: 'full' },
        ],
      },
    ]);
    expect(body.detail).toContain(`${full} has 1 of 1 tenants of the model schema: raise it with PATCH`);
    expect(body.detail).toContain('register another one with POST /v1/clusters');
    // Nothing of it is left, and another model still finds a place.
    expect(await api.control.rows("SELECT FROM tenantry.tenant WHERE slug = 'refused'")).toEqual([]);
    expect((await create({ isolation: 'pooled', slug: 'refused' })).status).toBe(202);
    await patch(full, { capacity: { schema: 2 } });
    expect((await create({ isolation: 'schema' })).status).toBe(202);
    await expectCounted();
  });

  it('by the rule of its plan', async () => {
    const plain = await cluster('plain');
    const gold = await cluster('gold', { labels: { tier: 'gold', disk: 'fast' } });
    const plan = `${region}-gold`;
    const rule = { isolations: ['database', 'schema'], clusterLabels: { tier: 'gold' } };
    await api.call('PUT', `/v1/plans/${plan}`, { body: rule });
    for (let i = 0; i < 2; i += 1) {
      const { tenant } = (await create({ plan })).body;
      expect([tenant.isolation, await clusterOf(tenant.id)]).toEqual(['database', gold]);
    }
    const other = (await create({ plan, isolation: 'schema' })).body.tenant;
    expect([other.isolation, await clusterOf(other.id)]).toEqual(['schema', gold]);
    const pooled = await create({ plan, isolation: 'pooled' });
    expect([pooled.status, pooled.body.errors]).toMatchObject([
      400,
      [{ pointer: '/isolation', detail: expect.stringContaining('allows database, schema') }],
    ]);
    await patch(gold, { labels: {} });
    expect((await create({ plan })).body).toMatchObject({
      code: 'no-cluster-available',
      clusters: [
        { cluster: gold, reason: 'labels' },
        { cluster: plain, reason: 'labels' },
      ],
    });
  });

  it('in a dry run in words alone', async () => {
    const full = await cluster('a-full', { capacity: { database: 0 } });
    const chosen = await cluster('b', { capacity: { database: 7 } });
    const { body } = await api.call<DryRunAnswer>('POST', '/v1/tenants?dryRun=true', {
      body: { slug: 'not-yet', name: 'x', region, isolation: 'database' },
    });
    expect(body.placement).toEqual({
      cluster: chosen,
      isolation: 'database',
      why: 'the only one that can take it (0 of 7 tenants of the model database at weight 100)',
      passedOver: [{ cluster: full, reason: 'full', detail: expect.stringContaining('takes no tenants') }],
    });
    expect(body.changes).toMatchObject([{ after: { cluster: chosen } }]);
    expect((await tenantsOn(chosen)).database).toBe(0);
    await patch(chosen, { state: 'draining' });
    const refused = await create({ isolation: 'database' }, '?dryRun=true');
    expect([refused.status, refused.body.code]).toEqual([409, 'no-cluster-available']);
  });
});

describe('a capacity', () => {
  it('is not exceeded by those who come at the same time', async () => {
    const name = await cluster('tight', { capacity: { schema: 3 } });
    const other = await cluster('tighter', { capacity: { schema: 2 } });
    expect(await createAtOnce(20, { isolation: 'schema' })).toEqual({ '202': 5, 'no-cluster-available': 15 });
    expect([(await tenantsOn(name)).schema, (await tenantsOn(other)).schema]).toEqual([3, 2]);
    await expectCounted();
  });

  it('has its last place taken by one of two that have both seen it', async () => {
    const name = await cluster('last', { capacity: { schema: 1 } });
    await other.query('BEGIN');
    await other.query('SELECT FROM tenantry.cluster_usage WHERE cluster = $1 FOR UPDATE', [name]);
    const both = createAtOnce(2, { isolation: 'schema' });
    await untilWaiting(2, '%cluster_usage%');
    await other.query('COMMIT');
    expect(await both).toEqual({ '202': 1, 'no-cluster-available': 1 });
  });

  it('is tried on two full clusters in either order without waiting for each other', async () => {
    const one = await cluster('one', { capacity: { schema: 1 }, weight: 200 });
    const two = await cluster('two', { capacity: { schema: 1 }, weight: 100 });
    const fill = `UPDATE tenantry.cluster_usage SET tenants = $2
      WHERE cluster = ANY ($1) AND isolation = 'schema' AND shard = 0`;
    await other.query('BEGIN');
    await other.query(fill, [[one, two], 1]);
    const first = create({ isolation: 'schema' });
    await untilWaiting(1, '%cluster_usage%');
    await api.control.rows('UPDATE tenantry.cluster SET weight = 300 WHERE name = $1', [two]);
    const second = create({ isolation: 'schema' });
    await untilWaiting(2, '%cluster_usage%');
    await other.query('COMMIT');
    for (const { body } of await Promise.all([first, second])) expect(body.code).toBe('no-cluster-available');
    await other.query(fill, [[one, two], 0]);
  });

  it('makes nobody wait who wants another model or another cluster', async () => {
    const limited = await cluster('one', { capacity: { schema: 5, database: 5 } });
    await other.query('BEGIN');
    await other.query(
      "SELECT FROM tenantry.cluster_usage WHERE cluster = $1 AND isolation = 'schema' FOR UPDATE",
      [limited],
    );
    const waiting = create({ isolation: 'schema' });
    await untilWaiting(1, '%cluster_usage%');
    for (const isolation of ['database', 'pooled']) expect((await create({ isolation })).status).toBe(202);
    region = `${region}-other`;
    await cluster('one', { capacity: { schema: 1 } });
    expect((await create({ isolation: 'schema' })).status).toBe(202);
    await other.query('ROLLBACK');
    expect((await waiting).status).toBe(202);
  });

  it('is given back by a purge, and by nothing before it', async () => {
    const name = await cluster('one', { capacity: { database: 1 } });
    const { tenant } = (await create({ isolation: 'database' })).body;
    for (let i = 0; i < 2; i += 1) await api.control.reconcile(tenant.id);
    await api.control.acknowledge(tenant.id);
    await api.control.reconcile(tenant.id);
    await api.call('POST', `/v1/tenants/${tenant.id}/suspend`, { body: { reason: 'x' } });
    expect((await create({ isolation: 'database' })).body.code).toBe('no-cluster-available');
    expect((await tenantsOn(name)).database).toBe(1);
    await purged(tenant.id);
    await api.control.reconcile(tenant.id);
    expect([(await tenantsOn(name)).database, await clusterOf(tenant.id)]).toEqual([0, undefined]);
    expect((await create({ isolation: 'database' })).status).toBe(202);
    await expectCounted();
  });
});

describe('a cluster that is drained', () => {
  it('is so for a creation that chose it before and takes its place after', async () => {
    const name = await cluster('one');
    await other.query('BEGIN');
    await other.query("UPDATE tenantry.cluster SET state = 'draining' WHERE name = $1", [name]);
    const creation = create();
    await untilWaiting(1, '%FOR SHARE%');
    await other.query('COMMIT');
    expect((await creation).body).toMatchObject({ clusters: [{ cluster: name, reason: 'draining' }] });
  });

  it('waits for a creation that has taken its place', async () => {
    const name = await cluster('one', { capacity: { schema: 1 } });
    await other.query('BEGIN');
    await other.query('SELECT FROM tenantry.cluster_usage WHERE cluster = $1 FOR UPDATE', [name]);
    const creation = create({ isolation: 'schema' });
    await untilWaiting(1, '%cluster_usage%');
    const drained = patch(name, { state: 'draining' });
    await untilWaiting(1, '%"tenantry"."cluster"%FOR UPDATE%');
    await other.query('COMMIT');
    expect((await creation).status).toBe(202);
    await drained;
    expect((await tenantsOn(name)).schema).toBe(1);
  });
});

describe('tenants of an earlier version', () => {
  it('are given a cluster by the reconciler, once there is one that can take them', async () => {
    const name = await cluster('one');
    const { tenant } = (await create()).body;
    await api.control.rows('DELETE FROM tenantry.tenant_cluster WHERE tenant_id = $1', [tenant.id]);
    await api.control.rows('DELETE FROM tenantry.cluster_usage WHERE cluster = $1', [name]);
    await patch(name, { state: 'draining' });
    await api.control.reconcile(tenant.id);
    expect(await api.control.state(tenant.id)).toBe('REQUESTED');
    await patch(name, { state: 'open' });
    await api.control.reconcile(tenant.id);
    expect([await api.control.state(tenant.id), await clusterOf(tenant.id)]).toEqual(['PROVISIONING', name]);
    await expectCounted();
  });

  it('are counted when their routes open, if they were placed uncounted', async () => {
    const [id] = await manyTenants(api.control, 1, 'asked');
    await api.control.acknowledge(id!);
    await api.control.reconcile(id!);
    expect([await api.control.state(id!), await clusterOf(id!)]).toEqual(['ACTIVE', 'default']);
    await expectCounted();
  });

  it('are counted anew when the installation is declared again', async () => {
    const name = await cluster('one', { capacity: { database: 5 } });
    const { tenant } = (await create({ isolation: 'database' })).body;
    await create({ isolation: 'database' });
    await api.control.rows("UPDATE tenantry.tenant SET state = 'PURGED', purged_at = now() WHERE id = $1", [
      tenant.id,
    ]);
    const placed = await manyTenants(api.control, 3);
    await api.control.rows('UPDATE tenantry.cluster_usage SET tenants = 7 WHERE shard = 3 AND cluster = $1', [
      name,
    ]);
    const { adminUrl } = api.control.database;
    await declareInstallation({ adminUrl, defaultRegion: 'eu', participants: [] });
    expect(await tenantsOn(name)).toEqual({ pooled: 0, schema: 0, database: 1 });
    expect(await Promise.all([tenant.id, ...placed].map(clusterOf))).toEqual([
      undefined,
      ...placed.map(() => 'default'),
    ]);
    await expectCounted();
  });

  it('are counted by the migration', async () => {
    const database = await testDatabase();
    const admin = new Client({ connectionString: database.adminUrl });
    await admin.connect();
    try {
      await admin.query(
        `DO $$ BEGIN EXECUTE 'GRANT CREATE ON DATABASE ' || quote_ident(current_database()) || ' TO tenantry_owner'; END $$`,
      );
      const url = new URL(database.adminUrl);
      url.searchParams.set('options', '-c role=tenantry_owner');
      const at = CONTROL_PLANE_MIGRATIONS.findIndex(({ name }) => name.endsWith('0012-placement'));
      await migrate(url.href, CONTROL_PLANE_MIGRATIONS.slice(0, at));
      await admin.query("INSERT INTO tenantry.cluster (name, region) VALUES ('old', 'eu'), ('empty', 'eu')");
      for (const isolation of ['pooled', 'pooled', 'schema']) {
        await admin.query(
          `WITH t AS (
             INSERT INTO tenantry.tenant (id, slug, name, plan, region, isolation, desired, state, generation, version, created_at, updated_at)
             VALUES ($1::uuid, $1::uuid::text, 'x', 'standard', 'eu', $2, 'active', 'ACTIVE', 1, 1, now(), now()) RETURNING id)
           INSERT INTO tenantry.route (tenant_id, store, isolation, cluster, access, generation, revision)
           SELECT id, store, $2, 'old', 'open', 1, 1 FROM t, unnest(ARRAY['primary', 'billing']) AS s (store)`,
          [newId(), isolation],
        );
      }
      await migrate(url.href, CONTROL_PLANE_MIGRATIONS);
      const { rows } = await admin.query(
        `SELECT cluster, isolation, sum(tenants)::int AS tenants, count(*)::int AS shards FROM tenantry.cluster_usage
         GROUP BY 1, 2 HAVING sum(tenants) > 0 OR cluster = 'empty' ORDER BY 1, 2`,
      );
      expect(rows).toEqual([
        { cluster: 'empty', isolation: 'database', tenants: 0, shards: 8 },
        { cluster: 'empty', isolation: 'pooled', tenants: 0, shards: 8 },
        { cluster: 'empty', isolation: 'schema', tenants: 0, shards: 8 },
        { cluster: 'old', isolation: 'pooled', tenants: 2, shards: 8 },
        { cluster: 'old', isolation: 'schema', tenants: 1, shards: 8 },
      ]);
    } finally {
      await admin.end();
      await database.drop();
    }
  });
});
