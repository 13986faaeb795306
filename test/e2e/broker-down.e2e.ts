import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  startKafkaBroker,
  startSystem,
  testedTransports,
  type KafkaBroker,
  type SystemUnderTest,
} from '@tenantry/testing/servers';
import { waitFor } from '@tenantry/testing';
import { TenantSteps } from './tenant-steps.js';

// The embedded transport has no broker that could be down. Where there is none at all, `npm test` names what it skips.
const onKafka = testedTransports().includes('kafka') ? describe : describe.skip;

onKafka('with Kafka down', () => {
  let broker: KafkaBroker;
  let system: SystemUnderTest;
  let steps: TenantSteps;
  beforeAll(async () => {
    broker = await startKafkaBroker();
    system = await startSystem({ transport: 'kafka', kafkaBrokers: broker.brokers });
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
});
