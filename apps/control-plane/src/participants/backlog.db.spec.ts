import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tenantry/testing';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { UnitOfWork } from '../database/unit-of-work.js';
import { ReconcileWorker } from '../reconciling/reconcile-worker.js';
import { DeleteTenant } from '../tenants/delete-tenant.command.js';
import { SuspendTenant } from '../tenants/suspend-tenant.command.js';
import { LifecycleHarness, TESTER } from '../testing/lifecycle-harness.js';
import { manyTenants } from '../testing/many-tenants.js';
import { BacklogWorker } from './backlog-worker.js';
import { BacklogStore } from './backlog.store.js';
import { ParticipantReadModel } from './participant.read-model.js';
import type { CatchingUpView } from './participant.view.js';
import { ParticipantsChanged } from './participants-changed.js';
import { RecallStore } from './recall.store.js';

const LIMIT = 20;

describe('a participant that comes late', () => {
  let control: LifecycleHarness;
  beforeEach(async () => {
    control = await LifecycleHarness.start();
    // The one that was there first has no backlog.
    await step();
  });
  afterEach(async () => {
    await control.part(BacklogWorker).stop();
    await control.part(ReconcileWorker).stop();
    await control.stop();
  });

  /** Requires a participant that has just come up. */
  async function registerLate(): Promise<void> {
    await control.heartbeat('late', { stores: ['late'] });
    await control.rows(`UPDATE tenantry.participant SET required = true WHERE name = 'late'`);
  }

  async function progress(): Promise<CatchingUpView | undefined> {
    return (await control.part(ParticipantReadModel).find('late'))?.catchingUp;
  }

  /** As another process would have it. */
  function anotherWorker(): BacklogWorker {
    return new BacklogWorker(
      control.part(DataSource),
      control.part(UnitOfWork),
      control.part(BacklogStore),
      control.part(RecallStore),
      LIMIT,
      control.part(ParticipantsChanged),
    );
  }

  async function step(): Promise<boolean> {
    return control.part(BacklogWorker).step();
  }

  /** Every tenant that is asked and not answered for. */
  async function unanswered(): Promise<string[]> {
    const rows = await control.rows<{ tenant_id: string }>(
      `SELECT o.tenant_id FROM tenantry.task k JOIN tenantry.operation o ON o.id = k.operation_id
       WHERE k.participant = 'late' AND k.state IN ('pending', 'in_progress') ORDER BY o.tenant_id`,
    );
    return rows.map(({ tenant_id: id }) => id);
  }

  async function woken(): Promise<string[]> {
    const rows = await control.rows<{ tenant_id: string }>('SELECT tenant_id FROM tenantry.wake ORDER BY 1');
    return rows.map(({ tenant_id: id }) => id);
  }

  /** Reconciles whoever is due, as the worker does, until nobody is. */
  async function reconcileWoken(): Promise<void> {
    for (const id of await woken()) {
      await control.reconcile(id);
      await control.rows('DELETE FROM tenantry.wake WHERE tenant_id = $1', [id]);
    }
  }

  async function observed(tenantId: string): Promise<unknown> {
    const rows = await control.rows(
      `SELECT observed, counts_from::int AS "countsFrom" FROM tenantry.tenant_participant WHERE tenant_id = $1 AND participant = 'late'`,
      [tenantId],
    );
    return rows[0];
  }

  it('registers while a tenant is provisioning: it is asked, and ACTIVE waits for it', async () => {
    const { tenant } = await control.create();
    await control.reconcile(tenant.id);
    await registerLate();
    await control.acknowledge(tenant.id);
    await control.reconcile(tenant.id);
    expect(await control.state(tenant.id)).toBe('PROVISIONING');
    expect(await unanswered()).toEqual([tenant.id]);
    await control.acknowledge(tenant.id, {}, 'late');
    await control.reconcile(tenant.id);
    expect(await control.state(tenant.id)).toBe('ACTIVE');
  });

  it('works off 300 tenants, never more than 20 at a time, without an operation and without losing the new ones', async () => {
    const before = await manyTenants(control, 300);
    await control.rows(
      `CREATE TABLE public.peak AS SELECT 0 AS open;
       GRANT ALL ON public.peak TO PUBLIC;
       CREATE FUNCTION public.measure() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         UPDATE public.peak SET open = greatest(open,
           (SELECT count(*) FROM tenantry.task WHERE participant = 'late' AND state IN ('pending', 'in_progress')));
         RETURN NULL;
       END $$;
       CREATE TRIGGER measured AFTER INSERT OR UPDATE ON tenantry.task FOR EACH STATEMENT EXECUTE FUNCTION public.measure()`,
    );
    const other = anotherWorker();
    control.part(ReconcileWorker).start(60_000);
    control.part(BacklogWorker).start();
    other.start();
    await registerLate();
    const versions = await control.rows('SELECT id, generation FROM tenantry.tenant ORDER BY id');

    let created: string | undefined;
    let most = 0;
    await waitFor(
      'the backlog to be worked off',
      async () => {
        const open = await unanswered();
        most = Math.max(most, open.filter((id) => id !== created).length);
        for (const id of open) if (id !== created) await control.acknowledge(id, {}, 'late');
        const { done = 0, endedAt } = (await progress()) ?? {};
        if (done > 100 && created === undefined) created = (await control.create()).tenant.id;
        return endedAt !== undefined && endedAt !== null;
      },
      150_000,
    );
    expect(most).toBeLessThanOrEqual(LIMIT);
    // One of them is asked besides the walk: a new tenant's own operation.
    const [peak] = await control.rows<{ open: number }>('SELECT open FROM public.peak');
    expect(peak?.open).toBeLessThanOrEqual(LIMIT + 1);
    expect(peak?.open).toBeGreaterThan(LIMIT / 2);
    await control.acknowledge(created!);
    await control.acknowledge(created!, {}, 'late');
    await waitFor('the new tenant', async () => (await control.state(created!)) === 'ACTIVE');
    await other.stop();

    expect(await progress()).toMatchObject({ total: 300, done: 300, remaining: 0 });
    const observations = await control.rows<{ observed: string; attempts: number }>(
      `SELECT p.observed, k.attempts FROM tenantry.tenant_participant p
       JOIN tenantry.operation o ON o.tenant_id = p.tenant_id JOIN tenantry.task k ON k.operation_id = o.id AND k.participant = 'late'
       WHERE p.participant = 'late' AND p.tenant_id = ANY ($1::uuid[])`,
      [before],
    );
    expect(observations).toHaveLength(300);
    expect(new Set(observations.map(({ observed: state }) => state))).toEqual(new Set(['active']));
    expect(
      await control.rows('SELECT id, generation FROM tenantry.tenant WHERE id = ANY ($1) ORDER BY id', [
        before,
      ]),
    ).toEqual(versions);
    const routes = await control.rows<{ access: string }>(
      `SELECT DISTINCT access FROM tenantry.route WHERE store = 'late' AND tenant_id = ANY ($1::uuid[])`,
      [before],
    );
    expect(routes).toEqual([{ access: 'open' }]);
  }, 180_000);

  it('is not asked before its turn, whatever else wakes the tenants', async () => {
    const ids = await manyTenants(control, LIMIT + 5);
    await registerLate();
    await step();
    // Another one's backlog, say.
    for (const id of ids) await control.reconcile(id);
    expect(await unanswered()).toEqual(ids.slice(0, LIMIT));
    for (const id of ids.slice(0, 5)) await control.acknowledge(id, {}, 'late');
    await reconcileWoken();
    await step();
    await reconcileWoken();
    expect(await unanswered()).toEqual(ids.slice(5));
  });

  it('resumes where a worker died, at no tenant twice', async () => {
    const ids = await manyTenants(control, 30);
    await registerLate();
    expect(await step()).toBe(true);
    expect(await woken()).toEqual(ids.slice(0, LIMIT));
    await reconcileWoken();
    for (const id of ids.slice(0, LIMIT)) await control.acknowledge(id, {}, 'late');
    await reconcileWoken();

    // The next chunk's last wake-up is held up, and the worker dies while it waits in its transaction.
    const holder = new Client({ connectionString: control.database.adminUrl });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('INSERT INTO tenantry.wake (tenant_id, due_at) VALUES ($1, now())', [ids.at(-1)]);
    const dying = step();
    const killed = expect(dying).rejects.toThrow();
    await waitFor('the worker to wait, and to be killed', async () => {
      const rows = await control.rows<{ killed: boolean }>(
        `SELECT pg_terminate_backend(pid) AS killed FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INTO tenantry.wake%'`,
      );
      return rows.length > 0;
    });
    await killed;
    await holder.query('ROLLBACK');
    await holder.end();
    expect(await woken()).toEqual([]);
    expect(await progress()).toMatchObject({ total: 30, done: 0, remaining: 30, endedAt: null });

    await control.restart();
    expect(await step()).toBe(true);
    expect(await woken()).toEqual(ids.slice(LIMIT));
    expect(await progress()).toMatchObject({ done: 20, remaining: 10 });
    await reconcileWoken();
    for (const id of ids.slice(LIMIT)) await control.acknowledge(id, {}, 'late');
    await reconcileWoken();
    expect(await step()).toBe(true);
    expect(await progress()).toMatchObject({ done: 30, remaining: 0, endedAt: expect.any(String) });
    expect(await step()).toBe(false);
  });

  it('is not let go of by a worker that began before another one woke it', async () => {
    const ids = await manyTenants(control, LIMIT + 1);
    await registerLate();
    await control.part(UnitOfWork).run(async (tx) => {
      await step();
      expect(await control.part(BacklogStore).stepTx(tx, 'late', LIMIT)).toBe(false);
    });
    expect(await woken()).toEqual(ids.slice(0, LIMIT));
  });

  it('waits for its answers: a silent one holds up its own backlog and no tenant', async () => {
    const ids = await manyTenants(control, 25);
    await registerLate();
    await step();
    await reconcileWoken();
    expect(await step()).toBe(false);
    expect(await unanswered()).toEqual(ids.slice(0, LIMIT));
    const [tenant] = await control.rows<{ state: string; conditions: { type: string }[] }>(
      'SELECT state, conditions FROM tenantry.tenant WHERE id = $1',
      [ids[0]],
    );
    expect(tenant?.state).toBe('ACTIVE');
    expect(tenant?.conditions.map(({ type }) => type)).toContain('catchingUp');
    await control.moveClock('1 hour');
    expect(await step()).toBe(false);
    // It lives, and still owes these answers: they must not keep the others from being asked.
    await control.heartbeat('late', { stores: ['late'] });
    await step();
    await reconcileWoken();
    await step();
    await reconcileWoken();
    expect(await unanswered()).toEqual(ids);
    expect(await progress()).toMatchObject({ done: 20, remaining: 5 });
  });

  it('goes on past tenants that fail, and leaves their further attempts to the reconciler', async () => {
    const ids = await manyTenants(control, 22);
    await registerLate();
    await step();
    await reconcileWoken();
    for (const id of ids.slice(0, 2))
      await control.acknowledge(id, { outcome: 'failed', error: 'no space' }, 'late');
    await reconcileWoken();
    expect(await step()).toBe(true);
    expect(await woken()).toEqual(ids.slice(LIMIT));
  });

  it('is counted by an operation that is opened before the walk has reached the tenant', async () => {
    const ids = await manyTenants(control, LIMIT + 1);
    const last = ids.at(-1)!;
    await registerLate();
    await step();
    await control.commands.execute(new SuspendTenant(last, 'x', TESTER));
    await control.reconcile(last);
    await control.acknowledge(last);
    await control.reconcile(last);
    expect(await control.state(last)).toBe('SUSPENDING');
    expect(await observed(last)).toEqual({ observed: 'none', countsFrom: 2 });
    await control.acknowledge(last, {}, 'late');
    await control.reconcile(last);
    expect(await control.state(last)).toBe('SUSPENDED');
    // The walk finds it there; whoever it has reached is waited for from the next operation on.
    await reconcileWoken();
    expect(await observed(ids[0]!)).toEqual({ observed: 'none', countsFrom: 2 });
    for (const id of await unanswered()) await control.acknowledge(id, {}, 'late');
    await reconcileWoken();
    await step();
    await reconcileWoken();
    expect(await unanswered()).toEqual([]);
    await step();
    expect(await progress()).toMatchObject({ total: LIMIT + 1, remaining: 0, endedAt: expect.any(String) });
    expect(await control.state(last)).toBe('SUSPENDED');
  });

  it('passes by tenants that are purged or being purged', async () => {
    const [kept] = await manyTenants(control, 1);
    const { tenant } = await control.create({ slug: 'being-purged' });
    await control.reconcile(tenant.id);
    await control.acknowledge(tenant.id);
    await control.commands.execute(new DeleteTenant(tenant.id, 0, 'being-purged', null, TESTER));
    await control.reconcile(tenant.id);
    await control.acknowledge(tenant.id);
    await control.reconcile(tenant.id);
    await control.reconcile(tenant.id);
    expect(await control.state(tenant.id)).toBe('PURGING');
    await control.rows('DELETE FROM tenantry.wake');
    await registerLate();
    await step();
    expect(await woken()).toEqual([kept]);
    expect(await progress()).toMatchObject({ total: 1 });
  });

  it('walks anew when it can do more, and not when it only verifies', async () => {
    const ids = await manyTenants(control, 2);
    await control.heartbeat('late', { capabilities: ['purge'], stores: [] });
    await step();
    await reconcileWoken();
    await step();
    expect(await progress()).toMatchObject({ remaining: 0, endedAt: expect.any(String) });
    for (const id of ids) {
      await control.commands.execute(new SuspendTenant(id, 'x', TESTER));
      await control.reconcile(id);
      await control.acknowledge(id);
      await control.reconcile(id);
      expect(await control.state(id)).toBe('SUSPENDED');
    }
    await control.rows('DELETE FROM tenantry.wake');
    await control.heartbeat('late', { capabilities: ['suspend', 'reactivate', 'purge'], stores: [] });
    await step();
    expect(await progress()).toMatchObject({ total: 2, done: 0, endedAt: null });
    await reconcileWoken();
    expect(await unanswered()).toEqual(ids);

    await control.heartbeat('verifier', { capabilities: ['verify'], stores: [] });
    expect((await control.part(ParticipantReadModel).find('verifier'))?.catchingUp).toBeUndefined();
  });
});
