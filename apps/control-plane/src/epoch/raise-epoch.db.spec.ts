import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StateRecord } from '@tenantry/contracts';
import { EPOCH_SIZE } from '@tenantry/messaging';
import { WakeStore } from '../reconciling/wake.store.js';
import { DeleteTenant } from '../tenants/delete-tenant.command.js';
import { ReactivateTenant } from '../tenants/reactivate-tenant.command.js';
import { SuspendTenant } from '../tenants/suspend-tenant.command.js';
import { LifecycleHarness, TESTER } from '../testing/lifecycle-harness.js';
import { raiseEpoch } from './raise-epoch.js';

const DAY_MS = 86_400_000;

interface TenantNumbers {
  readonly state: string;
  readonly generation: number;
  readonly seq: number;
  readonly version: number;
}

describe('raising the epoch of a restored database', () => {
  let control: LifecycleHarness;
  let epoch = 0;
  beforeAll(async () => {
    control = await LifecycleHarness.start();
  });
  afterAll(() => control.stop());

  const raise = async (): Promise<number> => {
    const raised = await raiseEpoch({ adminUrl: control.database.adminUrl });
    epoch += 1;
    expect(raised.epoch).toBe(epoch);
    return epoch * EPOCH_SIZE;
  };
  const numbersOf = async (id: string): Promise<TenantNumbers> => {
    const [row] = await control.rows<Record<keyof TenantNumbers, string>>(
      'SELECT state, generation, tenant_seq AS seq, version FROM tenantry.tenant WHERE id = $1',
      [id],
    );
    return {
      state: row!.state,
      generation: Number(row!.generation),
      seq: Number(row!.seq),
      version: Number(row!.version),
    };
  };
  const recordOf = async (id: string): Promise<StateRecord> =>
    (
      await control.rows<{ record: StateRecord }>(
        'SELECT record FROM tenantry.tenant_state WHERE tenant_id = $1',
        [id],
      )
    )[0]!.record;
  const settle = async (id: string): Promise<void> => {
    await control.reconcile(id);
    await control.acknowledge(id);
    await control.reconcile(id);
  };
  const suspended = async (): Promise<string> => {
    const id = await control.active();
    await control.commands.execute(new SuspendTenant(id, 'for the test', TESTER));
    await settle(id);
    return id;
  };
  const deleting = async (): Promise<string> => {
    const id = await control.active();
    await control.commands.execute(new DeleteTenant(id, 2 * DAY_MS, undefined, null, TESTER));
    await settle(id);
    return id;
  };
  const purged = async (): Promise<string> => {
    const id = await deleting();
    await control.moveClock('3 days');
    await control.reconcile(id);
    await settle(id);
    await control.moveClock('0');
    expect(await control.state(id)).toBe('PURGED');
    return id;
  };
  const requested = async (): Promise<string> => (await control.create()).tenant.id;

  it.each<[string, () => Promise<string>, string, string, string]>([
    [
      'an active tenant',
      () => control.active(),
      'REACTIVATING',
      'tenant.reactivation_requested.v1',
      'ACTIVE',
    ],
    ['one that was never active', requested, 'REQUESTED', 'tenant.provisioning_requested.v1', 'ACTIVE'],
    ['a suspended one', suspended, 'SUSPENDING', 'tenant.suspension_requested.v1', 'SUSPENDED'],
    [
      'one whose deletion is scheduled',
      deleting,
      'DELETION_SCHEDULED',
      'tenant.suspension_requested.v1',
      'DELETION_SCHEDULED',
    ],
  ])(
    'asks everyone again about %s, with numbers above all before',
    async (_what, make, meanwhile, request, after) => {
      const id = await make();
      const before = await numbersOf(id);
      const first = await raise();
      expect(await numbersOf(id)).toMatchObject({ state: meanwhile, generation: first + 1, seq: first });
      expect((await numbersOf(id)).version).toBeGreaterThan(Math.max(first, before.version));
      expect(await recordOf(id)).toMatchObject({
        state: meanwhile,
        generation: first + 1,
        tenantSeq: String(first),
        version: (await numbersOf(id)).version,
      });
      await control.reconcile(id);
      const [event] = await control.rows<{ type: string; seq: string }>(
        'SELECT type, tenant_seq AS seq FROM tenantry.tenant_event WHERE tenant_id = $1 AND tenant_seq > $2 ORDER BY tenant_seq LIMIT 1',
        [id, first],
      );
      expect(event).toEqual({ type: request, seq: String(first + 1) });
      await control.acknowledge(id);
      await control.reconcile(id);
      expect(await control.state(id)).toBe(after);
    },
  );

  it('leaves a purged tenant as it is, but publishes its record with a number above all before', async () => {
    const id = await purged();
    const before = await numbersOf(id);
    await control.rows('DELETE FROM tenantry.outbox_pending');
    const first = await raise();
    expect(await numbersOf(id)).toMatchObject({ state: 'PURGED', generation: before.generation, seq: first });
    expect(await recordOf(id)).toMatchObject({ state: 'PURGED', tenantSeq: String(first) });
    expect(
      await control.rows(`SELECT topic FROM tenantry.outbox_pending WHERE tenant_id = $1`, [id]),
    ).toEqual([{ topic: 'state' }]);
    expect(await control.reconcile(id)).toBeNull();
    expect(await control.state(id)).toBe('PURGED');
  });

  it('goes on with a purge that had begun', async () => {
    const id = await deleting();
    await control.moveClock('3 days');
    await control.reconcile(id);
    expect(await control.state(id)).toBe('PURGING');
    await raise();
    expect(await control.state(id)).toBe('PURGING');
    await settle(id);
    expect(await control.state(id)).toBe('PURGED');
    await control.moveClock('0');
  });

  it('keeps the routes of an active tenant open, and gives them the new generation when everyone has answered', async () => {
    const id = await control.active();
    const routes = () =>
      control.rows('SELECT access, generation FROM tenantry.route WHERE tenant_id = $1', [id]);
    expect(await routes()).toEqual([{ access: 'open', generation: '1' }]);
    const first = await raise();
    expect(await routes()).toEqual([{ access: 'open', generation: '1' }]);
    await settle(id);
    expect(await routes()).toEqual([{ access: 'open', generation: String(first + 1) }]);
    expect((await recordOf(id)).routes).toMatchObject([{ access: 'open', generation: first + 1 }]);
  });

  it('supersedes what was unfinished, and refuses what answers it', async () => {
    const id = await control.active();
    await control.commands.execute(new SuspendTenant(id, 'unfinished', TESTER));
    await control.reconcile(id);
    const [operation] = await control.rows<{ id: string; generation: string }>(
      `SELECT id, generation FROM tenantry.operation WHERE tenant_id = $1 AND state = 'running'`,
      [id],
    );
    await raise();
    expect(await control.rows('SELECT state FROM tenantry.operation WHERE id = $1', [operation!.id])).toEqual(
      [{ state: 'superseded' }],
    );
    await control.acknowledge(id, { operationId: operation!.id, generation: Number(operation!.generation) });
    await control.reconcile(id);
    expect(await control.state(id)).toBe('SUSPENDING');
    await control.acknowledge(id);
    await control.reconcile(id);
    expect(await control.state(id)).toBe('SUSPENDED');
  });

  it('lets operations after it have numbers above all before', async () => {
    const id = await control.active();
    const first = await raise();
    await settle(id);
    await control.commands.execute(new SuspendTenant(id, 'afterwards', TESTER));
    await settle(id);
    await control.commands.execute(new ReactivateTenant(id, 'afterwards', TESTER));
    await settle(id);
    expect(await numbersOf(id)).toMatchObject({ state: 'ACTIVE', generation: first + 3 });
    expect((await numbersOf(id)).seq).toBeGreaterThan(first + 3);
  });

  it('wakes the tenants one after the other, 200 a second', async () => {
    await Promise.all(Array.from({ length: 40 }, () => requested()));
    await control.rows('DELETE FROM tenantry.wake');
    await raise();
    const [spread] = await control.rows<{ tenants: number; ms: number }>(
      `SELECT count(*)::int AS tenants, (extract(epoch FROM max(due_at) - min(due_at)) * 1000)::int AS ms FROM tenantry.wake`,
    );
    expect(spread!.tenants).toBeGreaterThanOrEqual(40);
    expect(spread!.ms).toBe((spread!.tenants - 1) * 5);
    // What is to be woken later is not taken for lost.
    expect(await control.part(WakeStore).sweep({ query: (text, params) => control.rows(text, params) })).toBe(
      0,
    );
  });

  it('records who raised it, and from what', async () => {
    await raise();
    const [entry] = await control.rows(
      `SELECT actor, before, after FROM tenantry.audit_entry WHERE action = 'epoch.raise' ORDER BY id DESC LIMIT 1`,
    );
    expect(entry).toMatchObject({
      actor: 'system:migrate',
      before: { epoch: epoch - 1 },
      after: { epoch, tenants: expect.any(Number), asked: expect.any(Number) },
    });
  });

  it('goes above what was seen on the channel, and refuses an epoch that is not above it', async () => {
    const id = await control.active();
    const before = await numbersOf(id);
    const { adminUrl } = control.database;
    const seen = String((epoch + 6) * EPOCH_SIZE + 17);
    await expect(raiseEpoch({ adminUrl, wanted: epoch + 6, seen })).rejects.toThrow(`at least ${epoch + 7}`);
    expect(await numbersOf(id)).toEqual(before);
    expect(await raiseEpoch({ adminUrl, seen })).toMatchObject({ before: epoch, epoch: epoch + 7 });
    expect(await raiseEpoch({ adminUrl, wanted: epoch + 20 })).toMatchObject({ epoch: epoch + 20 });
    epoch += 20;
  });
});
