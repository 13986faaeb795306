import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@tenantry/kernel';
import { SuspendTenant } from '../tenants/suspend-tenant.command.js';
import { ApiHarness } from '../testing/api-harness.js';
import { TESTER } from '../testing/lifecycle-harness.js';
import type { TenantMetrics } from './tenant-metrics.view.js';

describe('GET /v1/tenants/{id}/metrics', () => {
  let api: ApiHarness;
  beforeAll(async () => {
    api = await ApiHarness.start(['billing', 'reference']);
  });
  afterAll(() => api.stop());

  const metrics = async (tenantId: string): Promise<TenantMetrics> => {
    const { status, body } = await api.call<TenantMetrics>('GET', `/v1/tenants/${tenantId}/metrics`);
    expect(status).toBe(200);
    return body;
  };

  it('follows a tenant, and tells of no other', async () => {
    const { control } = api;
    await control.create();
    const { tenant, operation } = await control.create();
    await control.reconcile(tenant.id);
    await control.acknowledge(tenant.id);
    await control.moveClock('10 minutes');
    const waiting = await metrics(tenant.id.toUpperCase());
    expect(waiting).toMatchObject({
      tenantId: tenant.id,
      state: 'PROVISIONING',
      running: { id: operation.id, operation: 'provision', overdue: true },
      operations: [],
      participants: [
        { participant: 'billing', asked: 1, succeeded: 0, waiting: true, parkedFacts: 0 },
        { participant: 'reference', asked: 1, succeeded: 1, waiting: false, unacknowledgedSeconds: 0 },
      ],
    });
    expect(waiting.stateSeconds).toBeGreaterThanOrEqual(600);
    expect(waiting.running?.seconds).toBeGreaterThanOrEqual(600);
    expect(waiting.participants[0]?.unacknowledgedSeconds).toBeGreaterThanOrEqual(600);
    expect(waiting.outbox.pending).toBeGreaterThan(0);

    await control.acknowledge(tenant.id, {}, 'billing');
    await control.reconcile(tenant.id);
    await control.commands.execute(new SuspendTenant(tenant.id, 'unpaid', TESTER));
    const suspending = await metrics(tenant.id);
    expect(suspending).toMatchObject({
      state: 'SUSPENDING',
      running: { operation: 'suspend', overdue: false },
      operations: [{ operation: 'provision', outcome: 'succeeded', count: 1 }],
    });
    const [provisioned] = suspending.operations;
    expect(provisioned?.totalSeconds).toBeGreaterThanOrEqual(600);
    expect(provisioned?.longestSeconds).toBe(provisioned?.totalSeconds);
    expect(Number(suspending.tenantSeq)).toBeGreaterThan(Number(waiting.tenantSeq));
  });

  it('counts what is parked and what was sent', async () => {
    const { control } = api;
    const { tenant } = await control.create();
    await control.reconcile(tenant.id);
    await control.send('billing', tenant.id, 'participant.parked.v1', {
      participant: 'billing',
      group: 'billing',
      tenantSeq: '1',
      eventId: newId(),
      eventType: 'tenant.updated.v1',
      attempts: 5,
      error: 'cannot be applied',
    });
    await control.rows('DELETE FROM tenantry.outbox_pending WHERE tenant_id = $1', [tenant.id]);
    expect(await metrics(tenant.id)).toMatchObject({
      outbox: { pending: 0, oldestSeconds: 0 },
      participants: [
        { participant: 'billing', parkedFacts: 1 },
        { participant: 'reference', parkedFacts: 0 },
      ],
    });
  });

  it('is for viewers, and answers 404 for what is not there', async () => {
    const key = await api.keyFor('viewer');
    const { tenant } = await api.control.create();
    expect((await api.call('GET', `/v1/tenants/${tenant.id}/metrics`, { key })).status).toBe(200);
    expect((await api.call('GET', `/v1/tenants/${tenant.id}/metrics`, { key: '' })).status).toBe(401);
    for (const id of [newId(), 'none'])
      expect(await api.call('GET', `/v1/tenants/${id}/metrics`)).toMatchObject({
        status: 404,
        body: { code: 'tenant-not-found' },
      });
  });
});
