import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CancelDeletion } from '../tenants/cancel-deletion.command.js';
import { DeleteTenant } from '../tenants/delete-tenant.command.js';
import { LifecycleHarness, TESTER } from '../testing/lifecycle-harness.js';

const DAY_MS = 86_400_000;

describe('a deletion', () => {
  let control: LifecycleHarness;
  beforeAll(async () => {
    control = await LifecycleHarness.start();
  });
  afterAll(() => control.stop());

  async function routes(tenantId: string): Promise<{ access: string; generation: number }[]> {
    const rows = await control.rows<{ access: string; generation: string }>(
      'SELECT access, generation FROM tenantry.route WHERE tenant_id = $1',
      [tenantId],
    );
    return rows.map(({ access, generation }) => ({ access, generation: Number(generation) }));
  }

  it('purges after the grace period and no earlier, and keeps the slug', async () => {
    const id = await control.active({ slug: 'kept-for-ever' });
    const { tenant } = await control.commands.execute(
      new DeleteTenant(id, 2 * DAY_MS, undefined, null, TESTER),
    );
    expect(tenant.state).toBe('DELETION_SCHEDULED');
    await control.reconcile(id);
    await control.acknowledge(id);
    await control.reconcile(id);
    await control.moveClock('47 hours 59 minutes');
    await control.reconcile(id);
    expect(await control.state(id)).toBe('DELETION_SCHEDULED');
    await control.moveClock('48 hours 1 minute');
    await control.reconcile(id);
    expect(await control.state(id)).toBe('PURGING');
    await expect(control.commands.execute(new CancelDeletion(id, null, TESTER))).rejects.toMatchObject({
      code: 'illegal-transition',
    });
    await control.reconcile(id);
    await control.acknowledge(id);
    await control.reconcile(id);
    expect(await control.state(id)).toBe('PURGED');
    expect(await routes(id)).toEqual([]);
    expect((await control.events(id)).at(-1)).toBe('tenant.purged.v1');
    await expect(control.create({ slug: 'kept-for-ever' })).rejects.toMatchObject({ code: 'slug-taken' });
    await control.moveClock('0');
  });

  it('does not purge before everyone has closed the tenant', async () => {
    const id = await control.active();
    const { tenant } = await control.commands.execute(
      new DeleteTenant(id, 2 * DAY_MS, undefined, null, TESTER),
    );
    expect(tenant.deletion).toBeDefined();
    await control.reconcile(id);
    await control.moveClock('3 days');
    await control.reconcile(id);
    expect(await control.state(id)).toBe('DELETION_SCHEDULED');
    await control.acknowledge(id);
    await control.reconcile(id);
    expect(await control.state(id)).toBe('PURGING');
    await control.moveClock('0');
  });

  it('goes back to what it was when a deletion is cancelled, by acknowledgement', async () => {
    const id = await control.active();
    await control.commands.execute(new DeleteTenant(id, 2 * DAY_MS, undefined, null, TESTER));
    const { tenant } = await control.commands.execute(new CancelDeletion(id, 'a mistake', TESTER));
    expect([tenant.state, tenant.deletion]).toEqual(['REACTIVATING', undefined]);
    await control.reconcile(id);
    await control.acknowledge(id);
    await control.reconcile(id);
    expect(await control.state(id)).toBe('ACTIVE');
    expect(await control.events(id)).toEqual([
      'tenant.provisioning_requested.v1',
      'tenant.route_changed.v1',
      'tenant.provisioned.v1',
      'tenant.route_changed.v1',
      'tenant.deletion_scheduled.v1',
      'tenant.deletion_cancelled.v1',
      'tenant.reactivation_requested.v1',
      'tenant.route_changed.v1',
      'tenant.reactivated.v1',
    ]);
  });

  it('lets exactly one of cancelling and purging win at the deadline', async () => {
    await control.moveClock('0');
    const outcomes = new Set<string>();
    for (let round = 0; round < 12; round += 1) {
      const id = await control.active();
      await control.commands.execute(new DeleteTenant(id, DAY_MS, undefined, null, TESTER));
      await control.reconcile(id);
      await control.acknowledge(id);
      await control.reconcile(id);
      await control.moveClock('25 hours');
      const reconciling = control.reconcile(id);
      const cancelling = control.commands.execute(new CancelDeletion(id, null, TESTER)).then(
        () => 'cancelled',
        (error: { code: string }) => error.code,
      );
      const [, cancelled] = await Promise.all([reconciling, cancelling]);
      const state = await control.state(id);
      outcomes.add(`${cancelled} ${state}`);
      expect(['cancelled REACTIVATING', 'illegal-transition PURGING']).toContain(`${cancelled} ${state}`);
      await control.moveClock('0');
    }
    expect(outcomes.size).toBeGreaterThan(0);
  });

  it('asks for the slug where the grace period is under the minimum', async () => {
    const id = await control.active({ slug: 'short-grace' });
    await expect(
      control.commands.execute(new DeleteTenant(id, 1000, undefined, null, TESTER)),
    ).rejects.toMatchObject({ code: 'confirmation-required' });
    await expect(
      control.commands.execute(new DeleteTenant(id, 1000, 'other', null, TESTER)),
    ).rejects.toMatchObject({ code: 'confirmation-wrong' });
    const { tenant } = await control.commands.execute(
      new DeleteTenant(id, 1000, 'short-grace', null, TESTER),
    );
    expect(tenant.state).toBe('DELETION_SCHEDULED');
  });
});
