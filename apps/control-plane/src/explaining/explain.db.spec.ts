import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DeleteTenant } from '../tenants/delete-tenant.command.js';
import { SuspendTenant } from '../tenants/suspend-tenant.command.js';
import { ApiHarness } from '../testing/api-harness.js';
import { TESTER } from '../testing/lifecycle-harness.js';
import type { Explanation } from './explanation.js';

describe('GET /v1/tenants/{id}/explain', () => {
  let api: ApiHarness;
  beforeAll(async () => {
    api = await ApiHarness.start(['reference', 'billing']);
  });
  afterAll(() => api.stop());

  async function explain(id: string): Promise<Explanation> {
    const { status, body } = await api.call<Explanation>('GET', `/v1/tenants/${id}/explain`);
    expect(status).toBe(200);
    return body;
  }

  it('follows a tenant from its creation to its purge', async () => {
    const { control } = api;
    const { tenant } = await control.create();
    const { id, slug } = tenant;
    const created = await explain(id);
    expect(created).toMatchObject({
      state: 'REQUESTED',
      slug,
      generation: 1,
      operation: { state: 'pending' },
    });
    expect(created.next.map(({ kind }) => kind)).toEqual(['place', 'ask', 'ask']);

    await control.reconcile(id);
    await control.acknowledge(id);
    const waiting = await explain(id);
    expect(waiting.state).toBe('PROVISIONING');
    expect(waiting.blockedBy).toMatchObject([{ kind: 'neverCameUp', participant: 'billing' }]);

    await control.acknowledge(id, { outcome: 'failed', retryable: false, error: 'no such plan' }, 'billing');
    await control.reconcile(id);
    const failed = await explain(id);
    expect(failed).toMatchObject({
      operation: { state: 'failed' },
      blockedBy: [{ kind: 'failed', participant: 'billing' }],
      lastError: { participant: 'billing', message: 'no such plan' },
      next: [{ kind: 'operator' }],
    });

    await control.commands.execute(new SuspendTenant(id, 'it does not come up', TESTER));
    const suspending = await explain(id);
    expect([suspending.state, suspending.operation.kind]).toEqual(['SUSPENDING', 'suspend']);
    await control.commands.execute(new DeleteTenant(id, 86_400_000, slug, null, TESTER));
    expect((await explain(id)).operation.superseded).toMatchObject({ kind: 'suspend', state: 'superseded' });
    for (const participant of ['reference', 'billing']) {
      await control.reconcile(id);
      await control.acknowledge(id, {}, participant);
    }
    await control.reconcile(id);
    const scheduled = await explain(id);
    expect([scheduled.state, scheduled.blockedBy]).toEqual(['DELETION_SCHEDULED', []]);
    expect(scheduled.next).toMatchObject([{ kind: 'purge', at: scheduled.deletion?.purgeAfter }]);
  });

  it('says which time it is by, and takes no lock', async () => {
    const { tenant } = await api.control.create();
    await api.control.admin.query('BEGIN');
    await api.control.admin.query('SELECT 1 FROM tenantry.tenant WHERE id = $1 FOR UPDATE', [tenant.id]);
    const { at } = await explain(tenant.id);
    await api.control.admin.query('ROLLBACK');
    const [row] = await api.control.rows<{ now: Date }>('SELECT tenantry.now() AS now');
    expect(Math.abs(Date.parse(at) - (row?.now.getTime() ?? 0))).toBeLessThan(60_000);
  });

  it('names the control plane itself when its own step fails', async () => {
    const { tenant } = await api.control.create();
    await api.control.rows(`UPDATE tenantry.wake SET last_error = 'out of memory' WHERE tenant_id = $1`, [
      tenant.id,
    ]);
    expect((await explain(tenant.id)).blockedBy[0]).toMatchObject({
      kind: 'controlPlane',
      participant: null,
    });
  });

  it('is for viewers, and 404 for whoever asks for none', async () => {
    const { tenant } = await api.control.create();
    const key = await api.keyFor('viewer');
    expect((await api.call('GET', `/v1/tenants/${tenant.id}/explain`, { key })).status).toBe(200);
    expect((await api.call('GET', `/v1/tenants/${tenant.id}/explain`, { key: '' })).status).toBe(401);
    for (const id of ['01890000-0000-7000-8000-000000000000', 'nonsense']) {
      const { status, body } = await api.call('GET', `/v1/tenants/${id}/explain`);
      expect([status, body.code]).toEqual([404, 'tenant-not-found']);
    }
  });
});
