import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@tenantry/kernel';
import { recordMetrics, type RecordedMetrics } from '@tenantry/testing';
import { CommandBus } from '@nestjs/cqrs';
import { DataSource } from 'typeorm';
import { UnitOfWork } from '../database/unit-of-work.js';
import { DeleteTenant } from '../tenants/delete-tenant.command.js';
import { SuspendTenant } from '../tenants/suspend-tenant.command.js';
import { LifecycleHarness, TESTER } from '../testing/lifecycle-harness.js';
import { FleetLoadReadModel } from './fleet-load.read-model.js';
import { FleetMetrics } from './fleet-metrics.js';

type Labels = Readonly<Record<string, string>>;

describe('the metrics of the control plane', () => {
  let recorded: RecordedMetrics;
  let control: LifecycleHarness;
  beforeAll(async () => {
    recorded = recordMetrics();
    control = await LifecycleHarness.start(['reference', 'billing']);
  });
  afterAll(async () => {
    await control.stop();
    await recorded.stop();
  });

  const value = (name: string, labels?: Labels) => recorded.value(name, labels);

  /** What these gauges show, looked up anew. */
  async function gauges<K extends string>(
    wanted: Record<K, [name: string, labels?: Labels]>,
  ): Promise<Record<K, number | undefined>> {
    const metrics = new FleetMetrics(new FleetLoadReadModel(control.part(DataSource)));
    metrics.onApplicationBootstrap();
    const shown = {} as Record<K, number | undefined>;
    for (const key of Object.keys(wanted) as K[]) {
      const [name, labels] = wanted[key];
      shown[key] = await value(name, labels);
    }
    metrics.beforeApplicationShutdown();
    return shown;
  }

  const ofParticipant = (participant: string) =>
    gauges({
      waiting: ['tenantry_tasks_waiting', { participant }],
      oldest: ['tenantry_task_oldest_unacknowledged_age_seconds', { participant }],
      lastSeen: ['tenantry_participant_last_seen_age_seconds', { participant }],
      parked: ['tenantry_parked_facts', { participant }],
    });

  it('follow an operation from the command to its end', async () => {
    const provision = { operation: 'provision' };
    const running = () =>
      gauges({
        running: ['tenantry_operations_running', provision],
        overdue: ['tenantry_operations_overdue', provision],
      });
    expect(await running()).toEqual({ running: 0, overdue: 0 });
    const { tenant } = await control.create();
    await control.reconcile(tenant.id);
    expect(await running()).toEqual({ running: 1, overdue: 0 });
    expect(await ofParticipant('billing')).toMatchObject({ waiting: 1, parked: 0 });
    await control.moveClock('2 hours');
    expect(await running()).toEqual({ running: 1, overdue: 1 });
    const { oldest, lastSeen } = await ofParticipant('billing');
    expect(oldest).toBeGreaterThanOrEqual(7200);
    expect(lastSeen).toBeGreaterThanOrEqual(7200);
    await control.heartbeat('billing');
    expect((await ofParticipant('billing')).lastSeen).toBeLessThan(60);

    const progress = (await value('tenantry_progress_total')) ?? 0;
    await control.acknowledge(tenant.id);
    await control.acknowledge(tenant.id, {}, 'billing');
    expect(await value('tenantry_progress_total')).toBe(progress + 2);
    expect(await ofParticipant('billing')).toMatchObject({ waiting: 0, oldest: 0 });
    await control.reconcile(tenant.id);
    expect(await value('tenantry_progress_total')).toBe(progress + 3);
    expect(await value('tenantry_operation_duration_seconds', { ...provision, outcome: 'succeeded' })).toBe(
      1,
    );
    expect(await running()).toEqual({ running: 0, overdue: 0 });
    expect(
      await gauges({
        active: ['tenantry_tenants', { state: 'ACTIVE' }],
        suspended: ['tenantry_tenants', { state: 'SUSPENDED' }],
      }),
    ).toEqual({ active: 1, suspended: 0 });
  });

  it('count answers by what became of them', async () => {
    const answers = (outcome: string) =>
      value('tenantry_acknowledgements_total', { participant: 'reference', outcome });
    const before = (await answers('succeeded')) ?? 0;
    const { tenant } = await control.create();
    await control.reconcile(tenant.id);
    await control.acknowledge(tenant.id, { outcome: 'in_progress', progress: 50 });
    await control.acknowledge(tenant.id, { outcome: 'failed', error: 'no', retryable: true });
    await control.acknowledge(tenant.id);
    await control.acknowledge(tenant.id);
    await control.acknowledge(tenant.id, { operationId: newId() });
    await control.send('reference', tenant.id, 'participant.acknowledged.v1', { participant: 'billing' });
    expect(
      await Promise.all(['in_progress', 'failed', 'succeeded', 'ignored', 'refused'].map(answers)),
    ).toEqual([1, 1, before + 1, 1, 2]);
  });

  it('count what was committed, and nothing else', async () => {
    const counted: string[] = [];
    const work = control.part(UnitOfWork);
    await work.run(async (tx) => tx.afterCommit(() => counted.push('committed')));
    const failing = work.run(async (tx) => {
      tx.afterCommit(() => counted.push('rolled back'));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(counted).toEqual(['committed']);
  });

  it('count as ended what something else took the place of', async () => {
    const { tenant } = await control.create();
    await control.part(CommandBus).execute(new SuspendTenant(tenant.id, null, TESTER));
    expect(
      await value('tenantry_operation_duration_seconds', { operation: 'provision', outcome: 'superseded' }),
    ).toBe(1);
  });

  it('show what has failed for good until somebody decides', async () => {
    const failed = async () =>
      (await gauges({ failed: ['tenantry_operations_failed', { operation: 'provision' }] })).failed;
    expect(await failed()).toBe(0);
    const { tenant } = await control.create();
    await control.reconcile(tenant.id);
    await control.acknowledge(tenant.id, { outcome: 'failed', retryable: false, error: 'no such plan' });
    await control.reconcile(tenant.id);
    expect(await failed()).toBe(1);
    await control.part(CommandBus).execute(new SuspendTenant(tenant.id, 'it does not come up', TESTER));
    expect(await failed()).toBe(0);
  });

  it('show purges that wait for longer than their grace period, unless the law holds them', async () => {
    const overdue = async () => (await gauges({ purges: ['tenantry_purges_overdue'] })).purges;
    expect(await overdue()).toBe(0);
    const { tenant } = await control.create();
    await control.part(CommandBus).execute(new DeleteTenant(tenant.id, 86_400_000, undefined, null, TESTER));
    expect(await overdue()).toBe(0);
    await control.moveClock('3 days');
    expect(await overdue()).toBe(1);
    await control.rows(
      "UPDATE tenantry.tenant SET hold_placed_at = now(), hold_placed_by = 'law' WHERE id = $1",
      [tenant.id],
    );
    expect(await overdue()).toBe(0);
  });

  it('show what is parked, until its participant is retired and shown no more', async () => {
    const { tenant } = await control.create();
    await control.send('billing', tenant.id, 'participant.parked.v1', {
      participant: 'billing',
      group: 'billing',
      tenantSeq: '1',
      eventId: newId(),
      eventType: 'tenant.updated.v1',
      attempts: 5,
      error: 'cannot be applied',
    });
    expect((await ofParticipant('billing')).parked).toBe(1);
    await control.rows(
      "UPDATE tenantry.participant SET retired_at = now(), retired_by = 'x' WHERE name = 'billing'",
    );
    expect((await ofParticipant('billing')).parked).toBeUndefined();
  });

  it('show how old what is not signed is, and what has no position', async () => {
    const audit = () =>
      gauges({
        unsequenced: ['tenantry_audit_unsequenced_entries'],
        age: ['tenantry_audit_checkpoint_age_seconds'],
      });
    const [{ entries } = { entries: 0 }] = await control.rows<{ entries: number }>(
      'SELECT count(*)::int AS entries FROM tenantry.audit_pending',
    );
    expect(entries).toBeGreaterThan(0);
    const { unsequenced, age } = await audit();
    expect(unsequenced).toBe(entries);
    expect(age).toBeGreaterThanOrEqual(3 * 86_400);
  });

  it('show how the connections to the database are used', async () => {
    const pool = { cluster: 'control-plane', class: 'service' };
    expect(await value('tenantry_pool_wait_seconds', pool)).toBeGreaterThan(0);
    expect(await value('tenantry_pool_timeouts_total', pool)).toBe(0);
    expect(await value('tenantry_pool_waiting', pool)).toBe(0);
    expect(await value('tenantry_pool_connections', { ...pool, state: 'used' })).toBe(0);
    expect(await value('tenantry_pool_connections', { ...pool, state: 'idle' })).toBeGreaterThan(0);
  });

  it('show migrations that the database does not have', async () => {
    expect(await value('tenantry_schema_migrations_pending')).toBe(0);
  });

  it('name no tenant, and nothing else that there are many of', async () => {
    const metrics = new FleetMetrics(new FleetLoadReadModel(control.part(DataSource)));
    metrics.onApplicationBootstrap();
    const points = await recorded.points();
    metrics.beforeApplicationShutdown();
    expect(points.length).toBeGreaterThan(30);
    const texts = points.flatMap(({ labels }) => Object.values(labels).map(String));
    expect(texts.filter((text) => /[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}/i.test(text))).toEqual([]);
    const [{ slugs } = { slugs: [] as string[] }] = await control.rows<{ slugs: string[] }>(
      'SELECT array_agg(slug) AS slugs FROM tenantry.tenant',
    );
    expect(texts.filter((text) => slugs.includes(text))).toEqual([]);
  });
});
