import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Acknowledgement, TenantState } from '@tenantry/contracts';
import { CancelDeletion } from '../tenants/cancel-deletion.command.js';
import { DeleteTenant } from '../tenants/delete-tenant.command.js';
import { ReactivateTenant } from '../tenants/reactivate-tenant.command.js';
import { SuspendTenant } from '../tenants/suspend-tenant.command.js';
import { LifecycleHarness, TESTER } from '../testing/lifecycle-harness.js';

const GRACE_MS = 30 * 86_400_000;

describe('an acknowledgement that is', () => {
  let control: LifecycleHarness;
  beforeAll(async () => {
    control = await LifecycleHarness.start();
  });
  afterAll(() => control.stop());

  async function asked(): Promise<{ id: string; operation: string }> {
    const { tenant, operation } = await control.create();
    await control.reconcile(tenant.id);
    return { id: tenant.id, operation: operation.id };
  }

  async function requests(id: string): Promise<number[]> {
    const rows = await control.rows<{ attempt: number }>(
      `SELECT (envelope->'data'->>'attempt')::int AS attempt FROM tenantry.tenant_event
       WHERE tenant_id = $1 AND type LIKE '%_requested.v1' ORDER BY tenant_seq`,
      [id],
    );
    return rows.map(({ attempt }) => attempt);
  }

  /** Makes what is waiting due, without moving the clock of the tenants beside it. */
  async function letTimePass(operation: string): Promise<void> {
    await control.admin.query(
      "UPDATE tenantry.task SET next_attempt_at = tenantry.now() - interval '1 second' WHERE operation_id = $1",
      [operation],
    );
  }

  async function task(operation: string): Promise<{ state: string; attempts: number; evidence: unknown }> {
    const [row] = await control.rows<{ state: string; attempts: number; evidence: unknown }>(
      'SELECT state, attempts, evidence FROM tenantry.task WHERE operation_id = $1',
      [operation],
    );
    return row!;
  }

  async function refused(): Promise<number> {
    return (await control.rows('SELECT id FROM tenantry.rejected_acknowledgement')).length;
  }

  it('lost heals: the request is published again and answered again', async () => {
    const { id, operation } = await asked();
    // It was sent, and nobody received it.
    expect(await control.reconcile(id)).not.toBeNull();
    expect(await requests(id)).toEqual([1]);
    await letTimePass(operation);
    await control.reconcile(id);
    expect(await requests(id)).toEqual([1, 2]);
    await control.acknowledge(id, { attempt: 2 });
    await control.reconcile(id);
    expect(await control.state(id)).toBe('ACTIVE');
  });

  it('doubled changes nothing the second time', async () => {
    const { id, operation } = await asked();
    await control.acknowledge(id, { evidence: { rows: 3 } });
    await control.reconcile(id);
    const events = await control.events(id);
    const before = await task(operation);
    await control.acknowledge(id, { evidence: { rows: 4 } });
    await control.reconcile(id);
    expect([await task(operation), await control.events(id)]).toEqual([before, events]);
  });

  it.each(['failed', 'in_progress'] as const)('of an older attempt (%s) is ignored', async (outcome) => {
    const { id, operation } = await asked();
    await letTimePass(operation);
    await control.reconcile(id);
    const late: Partial<Acknowledgement> = { attempt: 1, outcome };
    if (outcome === 'failed') Object.assign(late, { retryable: false, error: 'late' });
    await control.acknowledge(id, late);
    expect(await task(operation)).toMatchObject({ state: 'pending', attempts: 2 });
  });

  it('of an older attempt and a success counts: what is done is done', async () => {
    const { id, operation } = await asked();
    await letTimePass(operation);
    await control.reconcile(id);
    await control.acknowledge(id, { attempt: 1 });
    await control.reconcile(id);
    expect(await control.state(id)).toBe('ACTIVE');
  });

  it.each(['failed', 'in_progress'] as const)('%s after a success is ignored', async (outcome) => {
    const { id, operation } = await asked();
    await control.acknowledge(id);
    await control.reconcile(id);
    await control.acknowledge(id, { outcome, ...(outcome === 'failed' && { retryable: false, error: 'x' }) });
    await control.reconcile(id);
    expect([await control.state(id), (await task(operation)).state]).toEqual(['ACTIVE', 'succeeded']);
  });

  it('of an older generation is refused and recorded', async () => {
    const { id, operation } = await asked();
    await control.commands.execute(new SuspendTenant(id, 'unpaid', TESTER));
    await control.reconcile(id);
    const before = await refused();
    await control.acknowledge(id, { operationId: operation, generation: 1 });
    expect(await refused()).toBe(before + 1);
    await control.reconcile(id);
    expect(await control.state(id)).toBe('SUSPENDING');
  });
});

describe('a suspension', () => {
  let control: LifecycleHarness;
  beforeAll(async () => {
    control = await LifecycleHarness.start(['reference', 'dead']);
  });
  afterAll(() => control.stop());

  it('supersedes a provisioning that hangs on a dead service, and waits for no answer of it', async () => {
    const { tenant } = await control.create();
    await control.reconcile(tenant.id);
    await control.acknowledge(tenant.id, {}, 'reference');
    await control.reconcile(tenant.id);
    expect(await control.state(tenant.id)).toBe('PROVISIONING');
    const { operation } = await control.commands.execute(new SuspendTenant(tenant.id, 'fraud', TESTER));
    await control.reconcile(tenant.id);
    const kinds = await control.rows<{ kind: string; state: string }>(
      'SELECT kind, state FROM tenantry.operation WHERE tenant_id = $1 ORDER BY generation',
      [tenant.id],
    );
    expect(kinds).toEqual([
      { kind: 'provision', state: 'superseded' },
      { kind: 'suspend', state: 'running' },
    ]);
    const accesses = await control.rows<{ access: string }>(
      'SELECT access FROM tenantry.route WHERE tenant_id = $1',
      [tenant.id],
    );
    expect(accesses).toEqual([{ access: 'frozen' }]);
    for (const participant of ['reference', 'dead']) await control.acknowledge(tenant.id, {}, participant);
    await control.reconcile(tenant.id);
    expect(await control.state(tenant.id)).toBe('SUSPENDED');
    const [ended] = await control.rows<{ state: string }>(
      'SELECT state FROM tenantry.operation WHERE id = $1',
      [operation.id],
    );
    expect(ended).toEqual({ state: 'succeeded' });
  });
});

describe('a deletion is cancelled, and the tenant goes back to', () => {
  let control: LifecycleHarness;
  beforeAll(async () => {
    control = await LifecycleHarness.start();
  });
  afterAll(() => control.stop());

  async function acknowledged(id: string): Promise<void> {
    await control.reconcile(id);
    await control.acknowledge(id);
    await control.reconcile(id);
  }

  /** How a tenant gets into each state that it may be deleted in; what it shows once the deletion is cancelled, and in the end. */
  const FROM: readonly [TenantState, (id: string) => Promise<unknown>, TenantState, TenantState][] = [
    ['PROVISIONING', (id) => control.reconcile(id), 'PROVISIONING', 'ACTIVE'],
    ['ACTIVE', (id) => acknowledged(id), 'REACTIVATING', 'ACTIVE'],
    [
      'SUSPENDING',
      async (id) => {
        await acknowledged(id);
        await control.commands.execute(new SuspendTenant(id, 'unpaid', TESTER));
      },
      'SUSPENDING',
      'SUSPENDED',
    ],
    [
      'SUSPENDED',
      async (id) => {
        await acknowledged(id);
        await control.commands.execute(new SuspendTenant(id, 'unpaid', TESTER));
        await acknowledged(id);
      },
      'SUSPENDING',
      'SUSPENDED',
    ],
    [
      'REACTIVATING',
      async (id) => {
        await acknowledged(id);
        await control.commands.execute(new SuspendTenant(id, 'unpaid', TESTER));
        await acknowledged(id);
        await control.commands.execute(new ReactivateTenant(id, 'paid', TESTER));
      },
      'REACTIVATING',
      'ACTIVE',
    ],
  ];

  describe.each([
    ['before everyone has closed it', false],
    ['after everyone has closed it', true],
  ])('%s', (_when, closed) => {
    it.each(FROM)('%s', async (state, reach, shown, end) => {
      const { tenant } = await control.create();
      await reach(tenant.id);
      expect(await control.state(tenant.id)).toBe(state);
      await control.commands.execute(new DeleteTenant(tenant.id, GRACE_MS, undefined, null, TESTER));
      if (closed) await acknowledged(tenant.id);
      const cancelled = await control.commands.execute(new CancelDeletion(tenant.id, 'a mistake', TESTER));
      expect([cancelled.tenant.state, cancelled.tenant.deletion]).toEqual([shown, undefined]);
      // By acknowledgement, never by fiat.
      await control.reconcile(tenant.id);
      expect(await control.state(tenant.id)).toBe(shown);
      await acknowledged(tenant.id);
      expect(await control.state(tenant.id)).toBe(end);
    });
  });

  it('REQUESTED, where it had no place yet, and PROVISIONING once it has one', async () => {
    const { tenant } = await control.create();
    await control.commands.execute(new DeleteTenant(tenant.id, GRACE_MS, undefined, null, TESTER));
    const { tenant: cancelled } = await control.commands.execute(new CancelDeletion(tenant.id, null, TESTER));
    expect(cancelled.state).toBe('REQUESTED');
    await acknowledged(tenant.id);
    expect(await control.state(tenant.id)).toBe('ACTIVE');
  });
});
