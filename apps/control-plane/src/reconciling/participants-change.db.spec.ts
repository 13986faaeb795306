import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DeleteTenant } from '../tenants/delete-tenant.command.js';
import { ReactivateTenant } from '../tenants/reactivate-tenant.command.js';
import { SuspendTenant } from '../tenants/suspend-tenant.command.js';
import { LifecycleHarness, TESTER } from '../testing/lifecycle-harness.js';

const CAPABILITIES = ['provision', 'suspend', 'reactivate', 'purge'];

describe('a tenant whose participants change', () => {
  let control: LifecycleHarness;
  beforeAll(async () => {
    control = await LifecycleHarness.start();
  });
  afterAll(() => control.stop());

  async function declare(name: string, required: boolean, stores: string[] = ['primary']): Promise<void> {
    await control.rows(
      `INSERT INTO tenantry.participant (name, required, capabilities, stores, ack_timeout_ms) VALUES ($1, $2, $3, $4, 60000)
       ON CONFLICT (name) DO UPDATE SET required = excluded.required`,
      [name, required, CAPABILITIES, stores],
    );
  }

  /** Takes a participant out of the way of the next test. */
  async function forget(name: string): Promise<void> {
    await control.rows(
      `UPDATE tenantry.participant SET required = false, capabilities = '{}' WHERE name = $1`,
      [name],
    );
  }

  async function routes(tenantId: string): Promise<{ store: string; access: string }[]> {
    return control.rows('SELECT store, access FROM tenantry.route WHERE tenant_id = $1 ORDER BY store', [
      tenantId,
    ]);
  }

  it('does not become ACTIVE by a change of declarations after its operation has failed', async () => {
    await declare('flaky', true);
    const { tenant } = await control.create();
    await control.reconcile(tenant.id);
    await control.acknowledge(tenant.id);
    await control.acknowledge(tenant.id, { outcome: 'failed', retryable: false, error: 'no' }, 'flaky');
    await control.reconcile(tenant.id);
    await declare('flaky', false);
    await control.reconcile(tenant.id);
    expect(await control.state(tenant.id)).toBe('PROVISIONING');
    expect(await routes(tenant.id)).toEqual([{ store: 'primary', access: 'frozen' }]);
    await forget('flaky');
  });

  it('stays ACTIVE when a participant that is behind is made required, and says so beside the state', async () => {
    await declare('behind', false);
    const id = await control.active();
    await declare('behind', true);
    await control.reconcile(id);
    expect(await control.state(id)).toBe('ACTIVE');
    const [row] = await control.rows<{ conditions: { type: string }[] }>(
      'SELECT conditions FROM tenantry.tenant WHERE id = $1',
      [id],
    );
    expect(row?.conditions.map(({ type }) => type)).toContain('catchingUp');
    await forget('behind');
  });

  it('gets a place in the store of a service that joins later', async () => {
    const id = await control.active();
    await declare('billing', true, ['billing']);
    await control.commands.execute(new SuspendTenant(id, 'x', TESTER));
    await control.reconcile(id);
    await control.acknowledge(id);
    await control.acknowledge(id, {}, 'billing');
    await control.reconcile(id);
    expect(await control.state(id)).toBe('SUSPENDED');
    await control.commands.execute(new ReactivateTenant(id, 'x', TESTER));
    await control.reconcile(id);
    const [event] = await control.rows<{ envelope: { data: { placements: { store: string }[] } } }>(
      `SELECT envelope FROM tenantry.tenant_event WHERE tenant_id = $1 AND type = 'tenant.reactivation_requested.v1'`,
      [id],
    );
    expect(event?.envelope.data.placements.map(({ store }) => store)).toEqual(['billing', 'primary']);
    await control.acknowledge(id);
    await control.acknowledge(id, {}, 'billing');
    await control.reconcile(id);
    expect(await control.state(id)).toBe('ACTIVE');
    expect(await routes(id)).toEqual([
      { store: 'billing', access: 'open' },
      { store: 'primary', access: 'open' },
    ]);
    await forget('billing');
  });

  it('keeps an ACTIVE tenant’s new route closed until that service has provisioned it', async () => {
    const id = await control.active();
    await declare('invoices', true, ['invoices']);
    await control.reconcile(id);
    expect(await control.state(id)).toBe('ACTIVE');
    expect(await routes(id)).toContainEqual({ store: 'invoices', access: 'frozen' });
    expect(await routes(id)).toContainEqual({ store: 'primary', access: 'open' });
    await control.acknowledge(id, {}, 'invoices');
    await control.reconcile(id);
    expect(await routes(id)).toContainEqual({ store: 'invoices', access: 'open' });
    await forget('invoices');
  });

  it('has no place in a store that a service was given later, before that service is asked again', async () => {
    await declare('grows', true, ['grows']);
    const { tenant } = await control.create();
    await control.reconcile(tenant.id);
    await control.acknowledge(tenant.id);
    await control.acknowledge(tenant.id, {}, 'grows');
    await control.reconcile(tenant.id);
    await control.rows(`UPDATE tenantry.participant SET stores = '{grows,more}' WHERE name = 'grows'`);
    await control.reconcile(tenant.id);
    expect((await routes(tenant.id)).map(({ store }) => store)).not.toContain('more');
    for (const command of [
      new SuspendTenant(tenant.id, 'x', TESTER),
      new ReactivateTenant(tenant.id, 'x', TESTER),
    ]) {
      await control.commands.execute(command);
      await control.reconcile(tenant.id);
      await control.acknowledge(tenant.id);
      expect(await routes(tenant.id)).toContainEqual({ store: 'more', access: 'frozen' });
      await control.acknowledge(tenant.id, {}, 'grows');
      await control.reconcile(tenant.id);
    }
    expect(await control.state(tenant.id)).toBe('ACTIVE');
    expect(await routes(tenant.id)).toContainEqual({ store: 'more', access: 'open' });
    await forget('grows');
  });

  it('is not PURGED before everyone who was ever asked has purged, required or not', async () => {
    await declare('search', false);
    const { tenant } = await control.create({ slug: 'not-purged-yet' });
    await control.reconcile(tenant.id);
    await control.acknowledge(tenant.id);
    await control.acknowledge(tenant.id, {}, 'search');
    await control.reconcile(tenant.id);
    await control.commands.execute(new DeleteTenant(tenant.id, 0, 'not-purged-yet', null, TESTER));
    await control.reconcile(tenant.id);
    await control.acknowledge(tenant.id);
    await control.reconcile(tenant.id);
    await control.reconcile(tenant.id);
    await control.acknowledge(tenant.id);
    await control.reconcile(tenant.id);
    expect(await control.state(tenant.id)).toBe('PURGING');
    await control.acknowledge(tenant.id, {}, 'search');
    await control.reconcile(tenant.id);
    expect(await control.state(tenant.id)).toBe('PURGED');
    await forget('search');
  });

  it('keeps its version while nothing that is shown of it changes', async () => {
    const { tenant } = await control.create();
    await control.reconcile(tenant.id);
    const version = async (): Promise<unknown> =>
      (await control.rows('SELECT version FROM tenantry.tenant WHERE id = $1', [tenant.id]))[0];
    const before = await version();
    for (let attempt = 2; attempt < 5; attempt += 1) {
      await control.rows(
        'UPDATE tenantry.task SET next_attempt_at = tenantry.now() FROM tenantry.operation o WHERE o.id = operation_id AND o.tenant_id = $1',
        [tenant.id],
      );
      await control.reconcile(tenant.id);
    }
    expect(await control.events(tenant.id)).toHaveLength(4);
    expect(await version()).toEqual(before);
  });
});
