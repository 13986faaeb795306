import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tenantDatabaseName } from '@tenantry/contracts';
import { secretOf, TenantLogins } from '@tenantry/data-plane-kit';
import {
  freePort,
  kafkaMessages,
  startSystem,
  testedTransports,
  type AppName,
  type SystemUnderTest,
} from '@tenantry/testing/servers';
import { newId } from '@tenantry/kernel';
import { Client } from 'pg';
import { TenantSteps, type Tenant } from './tenant-steps.js';

const FURTHER = 'eu-1';
const APPS = ['control-plane', 'data-plane', 'verifier'] as const;

describe.each(testedTransports())('secrets on the %s transport', (transport) => {
  let system: SystemUnderTest;
  let steps: TenantSteps;
  const answers: string[] = [];
  /** Databases of tenants, which are gone at the end, by what they showed before. */
  const tenants: Tenant[] = [];

  const metricsPorts: string[] = [];

  beforeAll(async () => {
    const env: Partial<Record<AppName, Record<string, string>>> = {};
    for (const app of APPS) {
      const port = String(await freePort());
      metricsPorts.push(port);
      env[app] = { METRICS_PORT: port };
    }
    system = await startSystem({ transport, tenantDatabases: true, clusters: [FURTHER], env });
    steps = new TenantSteps(system);
  }, 180_000);
  afterAll(() => system?.stop());

  async function seen(path: string, client = system.control): Promise<void> {
    const { status, body, headers } = await client.get(path);
    answers.push(`${path} ${status} ${JSON.stringify(body)} ${JSON.stringify([...headers])}`);
  }

  async function placed(isolation: string, region: string): Promise<Tenant> {
    const slug = steps.slug();
    const { status, body } = await system.control.post<{ tenant: Tenant }>('/v1/tenants', {
      slug,
      name: slug,
      isolation,
      region,
    });
    answers.push(JSON.stringify(body));
    if (status !== 202) throw new Error(`creating a tenant answered ${status}: ${JSON.stringify(body)}`);
    tenants.push(body.tenant);
    return body.tenant;
  }

  it('are in nothing that the system emits, while tenants of every model live on two clusters, and die there', async () => {
    const { status } = await system.control.post('/v1/clusters', { name: FURTHER, region: 'eu' });
    expect(status).toBe(201);
    // No data plane knows this one, so what happens to its tenant is a failure.
    await system.control.post('/v1/clusters', { name: 'mars', region: 'mars' });
    for (const isolation of ['pooled', 'schema', 'database'])
      for (const region of ['default', 'eu']) {
        const { id } = await placed(isolation, region);
        await steps.reaches(id, 'ACTIVE');
        await steps.project(id);
        await seen('/v1/projects', steps.as(id));
      }
    const lost = await placed('database', 'mars');
    await seen(`/v1/tenants/${lost.id}/explain`);
    await seen('/v1/projects', steps.as(newId()));

    const [suspended, purged] = [tenants[5]!, tenants[4]!];
    await steps.suspend(suspended.id);
    await steps.reaches(suspended.id, 'SUSPENDED');
    await seen('/v1/projects', steps.as(suspended.id));
    await steps.delete(purged, 'PT1S');
    await steps.reaches(purged.id, 'PURGED');

    for (const { id } of tenants)
      for (const path of ['', '/explain', '/events', '/certificate']) await seen(`/v1/tenants/${id}${path}`);
    for (const path of ['clusters', 'routes', 'participants', 'operations', 'audit', 'parked', 'stuck'])
      await seen(`/v1/${path}`);
    for (const client of [system.control, system.data])
      for (const path of ['/healthz', '/readyz']) await seen(path, client);

    const emitted = [
      ...answers,
      ...APPS.flatMap((app) => system.logs(app)),
      ...(await rowsOf(Object.values(system.adminUrls))),
      ...(await rowsOf([system.clusterUrls[FURTHER]!])),
      ...(await rowsOf([databaseOf(system.clusterUrls[FURTHER]!, suspended)])),
      ...(await Promise.all(metricsPorts.map(metricsOf))),
      ...(system.kafka ? await kafkaMessages(system.kafka) : []),
    ];
    expect(emitted.length).toBeGreaterThan(500);
    expect(emitted.some((text) => text.includes(suspended.id))).toBe(true);
    for (const [name, secret] of Object.entries(planted()))
      expect({
        name,
        in: emitted.filter((text) => text.includes(secret)).map((text) => text.slice(0, 200)),
      }).toEqual({
        name,
        in: [],
      });
  }, 180_000);

  /** What was given to the system, and what it has derived from that. */
  function planted(): Record<string, string> {
    const { signingKey = '', tenantLoginKey = '', ...rest } = system.secrets;
    const logins = new TenantLogins({ current: secretOf(tenantLoginKey) });
    const passwords = tenants.flatMap(({ id }) =>
      ['default', FURTHER, 'mars'].map((cluster) => {
        const login = tenantDatabaseName(id, 'primary');
        return [`${cluster}/${login}`, logins.password(cluster, login)] as const;
      }),
    );
    const pem = signingKey.split('\n')[1]!;
    return { ...rest, tenantLoginKey, signingKey: pem, ...Object.fromEntries(passwords) };
  }
});

async function metricsOf(port: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { connection: 'close' } });
  expect(answer.status).toBe(200);
  return answer.text();
}

/** Every row of every table that is not Postgres's own, as text. */
async function rowsOf(urls: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const connectionString of urls) {
    const client = new Client({ connectionString });
    await client.connect();
    try {
      const { rows: tables } = await client.query<{ name: string }>(
        `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'`,
      );
      for (const { name } of tables) {
        const { rows } = await client.query<{ text: string }>(`SELECT t::text AS text FROM ${name} t`);
        found.push(...rows.map(({ text }) => `${name} ${text}`));
      }
    } finally {
      await client.end();
    }
  }
  return found;
}

function databaseOf(url: string, { id }: Tenant): string {
  const there = new URL(url);
  there.pathname = `/${tenantDatabaseName(id, 'primary')}`;
  return there.href;
}
