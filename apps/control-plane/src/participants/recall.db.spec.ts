import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tenantry/testing';
import { Client } from 'pg';
import { UnitOfWork } from '../database/unit-of-work.js';
import { ReconcileWorker } from '../reconciling/reconcile-worker.js';
import { SuspendTenant } from '../tenants/suspend-tenant.command.js';
import { LifecycleHarness, TESTER } from '../testing/lifecycle-harness.js';
import { manyTenants } from '../testing/many-tenants.js';
import { BacklogWorker } from './backlog-worker.js';
import { ParticipantStore } from './participant.store.js';

/** How many wait for one participant: 2000 in the full run. */
const TENANTS = Number(process.env['SILENCE_TENANTS'] ?? 200);
const AT_ONCE = 8;

describe('a participant that is heard from again', () => {
  let control: LifecycleHarness;
  beforeEach(async () => {
    control = await LifecycleHarness.start(['reference'], { baseMs: 600_000, maxMs: 600_000 });
    await control.part(BacklogWorker).step();
  });
  afterEach(async () => {
    await control.part(BacklogWorker).stop();
    await control.part(ReconcileWorker).stop();
    await control.stop();
  });

  function step(): Promise<boolean> {
    return control.part(BacklogWorker).step();
  }

  async function requests(): Promise<{ requested: number; most: number }> {
    const [row] = await control.rows<{ requested: number; most: number }>(
      `SELECT coalesce(sum(n), 0)::int AS requested, coalesce(max(n), 0)::int AS most FROM (
         SELECT count(*) AS n FROM tenantry.tenant_event WHERE type = 'tenant.provisioning_requested.v1' GROUP BY tenant_id) AS each`,
    );
    return row!;
  }

  async function wakes(): Promise<{ count: number; spreadMs: number }> {
    const [row] = await control.rows<{ count: number; spreadMs: number }>(
      `SELECT count(*)::int AS count, (extract(epoch FROM max(due_at) - min(due_at)) * 1000)::int AS "spreadMs" FROM tenantry.wake`,
    );
    return row!;
  }

  async function states(): Promise<Record<string, number>> {
    const rows = await control.rows<{ state: string; count: number }>(
      'SELECT state, count(*)::int AS count FROM tenantry.tenant GROUP BY state',
    );
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
  }

  it(`is asked once for each of ${TENANTS} tenants that waited, and nothing piled up`, async () => {
    await control.heartbeat('reference');
    await step();
    const ids = await manyTenants(control, TENANTS, 'asked');
    await control.moveClock('3 minutes');
    await control.rows('INSERT INTO tenantry.wake (tenant_id, due_at) SELECT id, now() FROM tenantry.tenant');
    control.part(ReconcileWorker).start(60_000);
    await waitFor(
      'everyone to be looked at',
      async () =>
        (await control.rows(`SELECT FROM tenantry.wake WHERE due_at <= tenantry.now() LIMIT 1`)).length === 0,
      120_000,
    );
    expect(await requests()).toEqual({ requested: 0, most: 0 });

    await control.heartbeat('reference');
    control.part(BacklogWorker).start();
    await waitFor('everyone to be asked', async () => (await requests()).requested >= TENANTS, 180_000);
    expect(await requests()).toEqual({ requested: TENANTS, most: 1 });
    const left = [...ids];
    const answer = async (): Promise<void> => {
      for (let id = left.pop(); id !== undefined; id = left.pop()) await control.acknowledge(id);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, answer));
    await waitFor('everyone to be ACTIVE', async () => (await states())['ACTIVE'] === TENANTS, 180_000);
    expect(await requests()).toEqual({ requested: TENANTS, most: 1 });
  }, 600_000);

  it('has its tenants woken one after the other, a chunk a second, and by one worker after another', async () => {
    const ids = await manyTenants(control, 250, 'asked');
    await control.heartbeat('reference');
    await step();
    const first = await wakes();
    expect(first.count).toBe(200);
    expect(first.spreadMs).toBeGreaterThan(900);
    expect(first.spreadMs).toBeLessThanOrEqual(1000);
    expect(await step()).toBe(false);
    await control.restart();
    await control.moveClock('1 second');
    expect(await step()).toBe(true);
    expect((await wakes()).count).toBe(ids.length);
    await control.moveClock('2 seconds');
    expect(await step()).toBe(false);
  });

  it('has them woken even if the process died right after its heartbeat, or in the middle of a chunk', async () => {
    const ids = await manyTenants(control, 3, 'asked');
    await control.heartbeat('reference');
    await control.restart();
    const holder = new Client({ connectionString: control.database.adminUrl });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('INSERT INTO tenantry.wake (tenant_id, due_at) VALUES ($1, now())', [ids[2]]);
    const killed = expect(step()).rejects.toThrow();
    await waitFor('the worker to wait, and to be killed', async () => {
      const rows = await control.rows(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INTO tenantry.wake%'`,
      );
      return rows.length > 0;
    });
    await killed;
    await holder.query('ROLLBACK');
    await holder.end();
    expect((await wakes()).count).toBe(0);
    expect(await step()).toBe(true);
    expect((await wakes()).count).toBe(3);
  });

  it('is recalled for nothing that has ended, was superseded or is given up', async () => {
    const [waits, superseded, failed] = await manyTenants(control, 3, 'asked');
    await manyTenants(control, 3, 'active');
    await control.commands.execute(new SuspendTenant(superseded!, 'x', TESTER));
    await control.acknowledge(failed!, { outcome: 'failed', retryable: false, error: 'no' });
    await control.rows('DELETE FROM tenantry.wake');
    await control.heartbeat('reference');
    await step();
    expect(await control.rows('SELECT tenant_id FROM tenantry.wake')).toEqual([{ tenant_id: waits }]);
  });

  it('has those looked at too that it failed for good, once its declaration has changed', async () => {
    const [failed] = await manyTenants(control, 1, 'asked');
    await control.acknowledge(failed!, { outcome: 'failed', retryable: false, error: 'no' });
    await control.rows('DELETE FROM tenantry.wake');
    const participants = control.part(ParticipantStore);
    await control.part(UnitOfWork).run(async (tx) => {
      const row = await participants.lockTx(tx, 'reference');
      await participants.changeTx(tx, row!, { required: false });
    });
    // Its first sign of life takes nothing of that back.
    await control.heartbeat('reference');
    await step();
    expect(await control.rows('SELECT tenant_id FROM tenantry.wake')).toEqual([{ tenant_id: failed }]);
  });

  it('is recalled after a silence and for the first time, not at every heartbeat', async () => {
    await manyTenants(control, 1, 'asked');
    const recalled = async (): Promise<boolean> => {
      await control.heartbeat('reference');
      return step();
    };
    expect(await recalled()).toBe(true);
    expect(await recalled()).toBe(false);
    await control.moveClock('2 minutes');
    expect(await recalled()).toBe(true);
    expect(await recalled()).toBe(false);
  });
});
