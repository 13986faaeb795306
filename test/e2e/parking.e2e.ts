import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topicNames } from '@tenantry/contracts';
import { startSystem, testedTransports, type SystemUnderTest } from '@tenantry/testing/servers';
import { waitFor } from '@tenantry/testing';
import { Kafka, logLevel } from 'kafkajs';
import { BillingService, topicPrefixOf } from './billing-service.js';
import { TenantSteps, type Tenant } from './tenant-steps.js';

interface ParkedFact {
  readonly id: string;
  readonly state: string;
  readonly tenantSeq: number;
  readonly eventId: string;
  readonly attempts: number;
  readonly error: string;
  readonly stack: string;
  readonly payload: Record<string, unknown>;
}

interface Recovery {
  readonly id: string;
  readonly state: string;
  readonly error: string | null;
  readonly applied: number | null;
}

const PATIENCE_MS = 30_000;

describe.each(testedTransports())('a fact that a service cannot apply, on %s', (transport) => {
  let system: SystemUnderTest;
  let steps: TenantSteps;
  let billing: BillingService;
  let tenant: Tenant;
  beforeAll(async () => {
    system = await startSystem({ transport, start: ['control-plane', 'data-plane'] });
    steps = new TenantSteps(system);
    billing = await BillingService.start(system, transport);
    tenant = await steps.active();
  }, 120_000);
  afterAll(async () => {
    await billing?.stop();
    await system?.stop();
  });

  async function changePlan(plan: string, id = tenant.id): Promise<void> {
    const { status } = await system.control.with({ 'if-match': '*' }).patch(`/v1/tenants/${id}`, { plan });
    expect(status).toBe(200);
  }

  const parked = (): Promise<ParkedFact> =>
    waitFor(
      'the parked fact to be listed',
      async () => {
        const { body } = await system.control.get<{ data: ParkedFact[] }>(
          `/v1/parked?participant=billing&tenantId=${tenant.id}`,
        );
        return body.data[0];
      },
      PATIENCE_MS,
    );

  const detail = async (id: string): Promise<ParkedFact & { recoveries: Recovery[] }> =>
    (await system.control.get<ParkedFact & { recoveries: Recovery[] }>(`/v1/parked/${id}`)).body;

  async function recover(id: string, action: 'redrive' | 'skip'): Promise<Recovery> {
    const { status, body } = await system.control.post<Recovery>(`/v1/parked/${id}/${action}`, {
      reason: 'tried end to end',
    });
    expect(status).toBe(202);
    return waitFor(
      `the ${action} to be answered`,
      async () => (await detail(id)).recoveries.find((one) => one.id === body.id && one.state !== 'pending'),
      PATIENCE_MS,
    );
  }

  const applies = (plans: readonly string[]): Promise<unknown> =>
    waitFor(
      `the plans ${plans.join()}`,
      async () => (await billing.plans(tenant.id)).length === plans.length,
      PATIENCE_MS,
    ).then(async () => expect(await billing.plans(tenant.id)).toEqual(plans));

  it('is parked for its tenant alone, inspected, and redriven once the service is mended', async () => {
    billing.broken.add('gold');
    for (const plan of ['silver', 'gold', 'platinum']) await changePlan(plan);
    const fact = await parked();
    expect(await detail(fact.id)).toMatchObject({
      state: 'parked',
      attempts: 5,
      error: 'there is no price for gold',
      stack: expect.stringContaining('billing-service'),
      payload: { plan: 'gold' },
    });
    const other = await steps.active();
    await changePlan('silver', other.id);
    await waitFor(
      'another tenant’s plan',
      async () => (await billing.plans(other.id)).length === 1,
      PATIENCE_MS,
    );
    expect(await billing.plans(tenant.id)).toEqual(['silver']);

    expect(await recover(fact.id, 'redrive')).toMatchObject({
      state: 'failed',
      error: 'there is no price for gold',
    });
    expect(await detail(fact.id)).toMatchObject({ state: 'parked', attempts: 10 });

    billing.broken.clear();
    expect(await recover(fact.id, 'redrive')).toMatchObject({ state: 'succeeded', applied: 2 });
    await applies(['silver', 'gold', 'platinum']);
    expect(await detail(fact.id)).toMatchObject({ state: 'applied' });
  }, 120_000);

  it('is skipped with a reason, and comes back with a replay', async () => {
    billing.broken.add('bronze');
    await changePlan('bronze');
    const fact = await parked();
    await changePlan('copper');
    expect(await recover(fact.id, 'skip')).toMatchObject({ state: 'succeeded', applied: 1 });
    await applies(['silver', 'gold', 'platinum', 'copper']);
    expect(await detail(fact.id)).toMatchObject({ state: 'skipped' });

    billing.broken.clear();
    const { status, body, headers } = await system.control.post<Recovery>('/v1/replays', {
      tenantId: tenant.id,
      participant: 'billing',
      fromSeq: fact.tenantSeq,
      reason: 'bronze has a price now',
    });
    expect(status).toBe(202);
    await waitFor(
      'the replay to be answered',
      async () => (await system.control.get<Recovery>(`/v1/replays/${body.id}`)).body.state === 'succeeded',
      PATIENCE_MS,
    );
    expect(headers.get('location')).toBe(`/v1/replays/${body.id}`);
    await applies(['silver', 'gold', 'platinum', 'copper', 'bronze', 'copper']);
  }, 120_000);

  // The embedded transport has no place for copies.
  if (transport !== 'kafka') return;
  it('is copied to the topic for people and alerts, with what went wrong', async () => {
    const { data } = (
      await system.control.get<{ data: ParkedFact[] }>(
        `/v1/parked?participant=billing&tenantId=${tenant.id}&state=skipped`,
      )
    ).body;
    const copies = new Map<string, Record<string, string>>();
    const kafka = new Kafka({
      brokers: (process.env['KAFKA_BROKERS'] ?? '').split(','),
      logLevel: logLevel.NOTHING,
    });
    const consumer = kafka.consumer({ groupId: `parked-copies-${tenant.id}` });
    await consumer.connect();
    await consumer.subscribe({ topic: topicNames(topicPrefixOf(system)).parked, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message: { headers } }) => {
        const of = (name: string): string => headers?.[name]?.toString() ?? '';
        copies.set(of('tenantry-parked-id'), {
          participant: of('tenantry-participant'),
          error: of('tenantry-error'),
          type: of('ce_type'),
          id: of('ce_id'),
        });
      },
    });
    const [fact] = data;
    const copy = await waitFor('the copy', () => copies.get(fact?.id ?? ''), PATIENCE_MS);
    expect(copy).toEqual({
      participant: 'billing',
      error: 'there is no price for bronze',
      type: 'tenant.updated.v1',
      id: fact?.eventId,
    });
    await consumer.disconnect();
  }, 60_000);
});
