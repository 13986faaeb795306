import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  freePort,
  startKafkaBroker,
  startSystem,
  testedTransports,
  type KafkaBroker,
  type SystemUnderTest,
} from '@tenantry/testing/servers';
import { waitFor } from '@tenantry/testing';
import { BacklogTenants } from './backlog-tenants.js';
import { TenantSteps } from './tenant-steps.js';

/** What is committed while the broker is away, beside what the API is asked for. */
const COMMITS = Number(process.env['BACKLOG_COMMITS'] ?? 20_000);

// The embedded transport has no broker that could be down. Where there is none at all, `npm test` names what it skips.
const onKafka = testedTransports().includes('kafka') ? describe : describe.skip;

onKafka('with Kafka down', () => {
  let broker: KafkaBroker;
  let system: SystemUnderTest;
  let steps: TenantSteps;
  let metricsPort: number;
  beforeAll(async () => {
    broker = await startKafkaBroker();
    metricsPort = await freePort();
    system = await startSystem({
      transport: 'kafka',
      kafkaBrokers: broker.brokers,
      env: { 'control-plane': { METRICS_PORT: String(metricsPort), OUTBOX_ALERT_AFTER: 'PT1S' } },
    });
    steps = new TenantSteps(system);
  }, 180_000);
  afterAll(async () => {
    await system?.stop();
    await broker?.remove();
  }, 60_000);

  it('the API goes on answering 202, data planes go on serving, and everything drains in order', async () => {
    const before = await steps.active();
    const client = await steps.admitted(before.id);
    await broker.kill();

    const accepted = [];
    for (let n = 0; n < 5; n += 1) accepted.push(await steps.create(n % 2 === 0 ? 'pooled' : 'schema'));
    const suspended = await steps.suspend(before.id);
    expect(suspended.tenant.state).toBe('SUSPENDING');
    expect((await system.control.get('/readyz')).status).toBe(200);
    expect((await system.data.get('/readyz')).status).toBe(200);
    // Nobody has told the data plane yet; it serves what it knows.
    expect((await client.get('/v1/projects')).status).toBe(200);
    const pending = await steps.rows('control-plane', 'SELECT 1 FROM tenantry.outbox_pending');
    expect(pending.length).toBeGreaterThan(5);

    await broker.start();
    for (const { tenant } of accepted) await steps.reaches(tenant.id, 'ACTIVE', 90_000);
    await steps.reaches(before.id, 'SUSPENDED', 90_000);
    await waitFor(
      'the outbox to be empty',
      async () =>
        (await steps.rows('control-plane', 'SELECT 1 FROM tenantry.outbox_pending LIMIT 1')).length === 0,
    );
    // The consumer's own position says that it has seen every tenant's sequence to its end, in order.
    const heads = await steps.rows<{ tenant_id: string; head: string }>(
      'control-plane',
      'SELECT tenant_id, max(tenant_seq) AS head FROM tenantry.tenant_event GROUP BY tenant_id',
    );
    await waitFor('the data plane to have seen all', async () => {
      const positions = await steps.rows<{ tenant_id: string; last_seq: string }>(
        'data-plane',
        'SELECT tenant_id, last_seq FROM tenantry.consumer_position',
      );
      return heads.every(({ tenant_id, head }) =>
        positions.some((position) => position.tenant_id === tenant_id && position.last_seq === head),
      );
    });
    expect((await client.get('/v1/projects')).status).toBe(403);
  }, 240_000);

  /** A metric of the control plane, as Prometheus would read it. */
  async function metric(name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    const line = text.split('\n').find((each) => each.startsWith(`${name} `) || each.startsWith(`${name}{`));
    return Number(line?.split(' ').at(-1));
  }

  it('as long as tens of thousands of commits take, shows how far it is behind, and drains in order at full speed', async () => {
    const backlog = new BacklogTenants(system.adminUrls['control-plane'], COMMITS);
    // What a service makes of so much is not the question here.
    await system.shutDown('data-plane');
    await broker.kill();
    const [, accepted] = await Promise.all([backlog.commit(), steps.create()]);
    expect(accepted.tenant.state).toBe('REQUESTED');

    const { body } = await system.control.get<{
      status: string;
      reports: { outbox: { status: string; pending: number; oldestAgeSeconds: number } };
    }>('/healthz');
    expect(body).toMatchObject({ status: 'degraded', reports: { outbox: { status: 'degraded' } } });
    expect(body.reports.outbox.pending).toBeGreaterThanOrEqual(backlog.events);
    expect(body.reports.outbox.oldestAgeSeconds).toBeGreaterThan(1);
    expect(await metric('tenantry_outbox_pending')).toBeGreaterThanOrEqual(backlog.events);
    expect(await metric('tenantry_outbox_oldest_age_seconds')).toBeGreaterThan(1);
    expect((await system.control.get('/readyz')).status).toBe(200);

    const began = performance.now();
    await broker.start();
    await waitFor(
      'the outbox to be nearly empty',
      async () => (await metric('tenantry_outbox_pending')) < 100,
      120_000,
    );
    const seconds = (performance.now() - began) / 1000;
    process.stderr.write(
      `\n${backlog.events} events drained within ${seconds.toFixed(1)} s, the start of the broker included\n`,
    );
    expect(await backlog.inversions(broker.brokers, 60_000)).toBe(0);
  }, 300_000);
});
