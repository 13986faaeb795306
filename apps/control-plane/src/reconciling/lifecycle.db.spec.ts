import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ReactivateTenant } from '../tenants/reactivate-tenant.command.js';
import { SuspendTenant } from '../tenants/suspend-tenant.command.js';
import { LifecycleHarness, TESTER } from '../testing/lifecycle-harness.js';

describe('the lifecycle', () => {
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

  async function rejections(): Promise<string[]> {
    const rows = await control.rows<{ reason: string }>(
      'SELECT reason FROM tenantry.rejected_acknowledgement ORDER BY received_at',
    );
    return rows.map(({ reason }) => reason);
  }

  it('is ACTIVE, and its route open, only after the acknowledgement', async () => {
    const { tenant, operation } = await control.create();
    expect([tenant.state, operation.state]).toEqual(['REQUESTED', 'pending']);
    await control.reconcile(tenant.id);
    expect(await control.state(tenant.id)).toBe('PROVISIONING');
    expect(await routes(tenant.id)).toEqual([{ access: 'frozen', generation: 1 }]);
    await control.acknowledge(tenant.id, { evidence: { rolesSeeded: 4 } });
    await control.reconcile(tenant.id);
    expect(await control.state(tenant.id)).toBe('ACTIVE');
    expect(await routes(tenant.id)).toEqual([{ access: 'open', generation: 1 }]);
    expect(await control.events(tenant.id)).toEqual([
      'tenant.provisioning_requested.v1',
      'tenant.route_changed.v1',
      'tenant.provisioned.v1',
    ]);
    const [state] = await control.rows<{ record: { state: string; tenantSeq: string } }>(
      'SELECT record FROM tenantry.tenant_state WHERE tenant_id = $1',
      [tenant.id],
    );
    expect(state?.record).toMatchObject({ state: 'ACTIVE', tenantSeq: '3' });
    const [task] = await control.rows('SELECT state, evidence FROM tenantry.task WHERE operation_id = $1', [
      operation.id,
    ]);
    expect(task).toEqual({ state: 'succeeded', evidence: { rolesSeeded: 4 } });
  });

  it('changes nothing when it is reconciled again', async () => {
    const id = await control.active();
    const before = await control.rows('SELECT * FROM tenantry.tenant WHERE id = $1', [id]);
    expect(await control.reconcile(id)).toBeNull();
    expect(await control.rows('SELECT * FROM tenantry.tenant WHERE id = $1', [id])).toEqual(before);
    expect(await control.events(id)).toHaveLength(3);
  });

  it('closes the route in the suspending command itself', async () => {
    const id = await control.active();
    const { tenant } = await control.commands.execute(new SuspendTenant(id, 'unpaid', TESTER));
    expect(tenant.state).toBe('SUSPENDING');
    expect(await routes(id)).toEqual([{ access: 'frozen', generation: 2 }]);
    await control.reconcile(id);
    await control.acknowledge(id);
    await control.reconcile(id);
    expect(await control.state(id)).toBe('SUSPENDED');
    await control.commands.execute(new ReactivateTenant(id, 'paid', TESTER));
    await control.reconcile(id);
    expect(await control.state(id)).toBe('REACTIVATING');
    expect(await routes(id)).toEqual([{ access: 'frozen', generation: 2 }]);
    await control.acknowledge(id);
    await control.reconcile(id);
    expect(await control.state(id)).toBe('ACTIVE');
    expect(await routes(id)).toEqual([{ access: 'open', generation: 3 }]);
  });

  it('lets a suspension pass a provisioning that waits for a dead service, and refuses the late answer', async () => {
    const { tenant, operation } = await control.create();
    await control.reconcile(tenant.id);
    await control.commands.execute(new SuspendTenant(tenant.id, 'fraud', TESTER));
    await control.reconcile(tenant.id);
    await control.acknowledge(tenant.id, { operationId: operation.id, generation: 1 });
    expect((await rejections()).at(-1)).toMatch(/stale/);
    expect(await control.state(tenant.id)).toBe('SUSPENDING');
    await control.acknowledge(tenant.id);
    await control.reconcile(tenant.id);
    expect(await control.state(tenant.id)).toBe('SUSPENDED');
    const states = await control.rows<{ kind: string; state: string }>(
      'SELECT kind, state FROM tenantry.operation WHERE tenant_id = $1 ORDER BY generation',
      [tenant.id],
    );
    expect(states).toEqual([
      { kind: 'provision', state: 'superseded' },
      { kind: 'suspend', state: 'succeeded' },
    ]);
  });

  it('asks again with a higher attempt, and lets an older attempt’s failure pass', async () => {
    const { tenant } = await control.create();
    await control.reconcile(tenant.id);
    await control.rows(
      'UPDATE tenantry.task SET next_attempt_at = tenantry.now() FROM tenantry.operation o WHERE o.id = operation_id AND o.tenant_id = $1',
      [tenant.id],
    );
    await control.reconcile(tenant.id);
    expect(await control.events(tenant.id)).toEqual([
      'tenant.provisioning_requested.v1',
      'tenant.provisioning_requested.v1',
    ]);
    await control.acknowledge(tenant.id, {
      attempt: 1,
      outcome: 'failed',
      retryable: false,
      error: 'old news',
    });
    await control.reconcile(tenant.id);
    expect(await control.state(tenant.id)).toBe('PROVISIONING');
    await control.acknowledge(tenant.id, { attempt: 1 });
    await control.acknowledge(tenant.id, { outcome: 'failed', retryable: false, error: 'after success' });
    await control.reconcile(tenant.id);
    expect(await control.state(tenant.id)).toBe('ACTIVE');
  });

  it('ends the operation when a participant fails for good, and shows why beside the state', async () => {
    const { tenant, operation } = await control.create();
    await control.reconcile(tenant.id);
    await control.acknowledge(tenant.id, {
      outcome: 'failed',
      retryable: false,
      error: 'no such isolation model',
    });
    await control.reconcile(tenant.id);
    expect(await control.state(tenant.id)).toBe('PROVISIONING');
    const [failed] = await control.rows<{ state: string }>(
      'SELECT state FROM tenantry.operation WHERE id = $1',
      [operation.id],
    );
    expect(failed?.state).toBe('failed');
    const [row] = await control.rows<{ conditions: { type: string; message: string }[] }>(
      'SELECT conditions FROM tenantry.tenant WHERE id = $1',
      [tenant.id],
    );
    expect(row?.conditions[0]).toMatchObject({
      type: 'failed',
      message: 'reference: no such isolation model',
    });
    expect((await control.events(tenant.id)).at(-1)).toBe('tenant.operation_failed.v1');
  });

  it('refuses messages that are malformed or name another participant, and goes on', async () => {
    const { tenant } = await control.create();
    await control.reconcile(tenant.id);
    await control.acknowledge(tenant.id, { participant: 'somebody-else' });
    await control.send('reference', tenant.id, 'participant.acknowledged.v1', { nonsense: true });
    await control.send('reference', tenant.id, 'participant.unheard_of.v1', {});
    await control.send('reference', 'no uuid', 'participant.parked.v1', {
      participant: 'reference',
      group: 'g',
      tenantSeq: '1',
      eventId: 'e',
      eventType: 't',
      attempts: 1,
      error: 'NUL \u0000',
    });
    await control.send('reference', tenant.id, 'participant.parked.v1', {
      participant: 'reference',
      group: 'g',
      tenantSeq: '1',
      eventId: 'e',
      eventType: 't',
      attempts: 1,
      error: 'NUL \u0000',
    });
    const reasons = (await rejections()).slice(-5);
    expect(reasons[0]).toMatch(/names somebody-else/);
    expect(reasons[1]).toMatch(/operationId/);
    expect(reasons[2]).toMatch(/unknown/);
    expect(reasons[3]).toMatch(/no tenant/);
    expect(reasons[4]).toMatch(/unstorable/);
    await control.acknowledge(tenant.id);
    await control.reconcile(tenant.id);
    expect(await control.state(tenant.id)).toBe('ACTIVE');
  });

  it('publishes an error text that cannot be cut at any place', async () => {
    const { tenant } = await control.create();
    await control.reconcile(tenant.id);
    await control.acknowledge(tenant.id, {
      outcome: 'failed',
      retryable: false,
      error: `x${'😀'.repeat(1999)}`,
    });
    await control.reconcile(tenant.id);
    expect((await control.events(tenant.id)).at(-1)).toBe('tenant.operation_failed.v1');
  });

  it('records evidence that cannot be stored, instead of taking it in again and again', async () => {
    const { tenant } = await control.create();
    await control.reconcile(tenant.id);
    const evidence = JSON.parse(`{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`) as Record<
      string,
      unknown
    >;
    await control.acknowledge(tenant.id, { evidence });
    expect((await rejections()).at(-1)).toMatch(/unstorable/);
    await control.acknowledge(tenant.id);
    await control.reconcile(tenant.id);
    expect(await control.state(tenant.id)).toBe('ACTIVE');
  });

  it('judges concurrent commands one after the other', async () => {
    const id = await control.active();
    const commands = Array.from({ length: 24 }, (_, index) =>
      index % 2 === 0 ? new SuspendTenant(id, 'race', TESTER) : new ReactivateTenant(id, 'race', TESTER),
    );
    const results = await Promise.allSettled(commands.map((command) => control.commands.execute(command)));
    const succeeded = results.filter(({ status }) => status === 'fulfilled').length;
    const [row] = await control.rows<{ generation: string }>(
      'SELECT generation FROM tenantry.tenant WHERE id = $1',
      [id],
    );
    expect(Number(row?.generation)).toBe(1 + succeeded);
    const operations = await control.rows<{ kind: string; generation: string }>(
      'SELECT kind, generation FROM tenantry.operation WHERE tenant_id = $1 ORDER BY generation',
      [id],
    );
    expect(operations.map(({ kind }) => kind)).toEqual(
      operations.map((_, index) => (index === 0 ? 'provision' : index % 2 === 1 ? 'suspend' : 'reactivate')),
    );
    const unfinished = await control.rows(
      `SELECT 1 FROM tenantry.operation WHERE tenant_id = $1 AND finished_at IS NULL`,
      [id],
    );
    expect(unfinished).toHaveLength(1);
    await control.events(id);
  });

  it('writes nothing at all when the slug is taken', async () => {
    await control.create({ slug: 'only-once' });
    const count = async (): Promise<unknown> =>
      control.rows(
        'SELECT (SELECT count(*) FROM tenantry.operation) o, (SELECT count(*) FROM tenantry.audit_entry) a, (SELECT count(*) FROM tenantry.outbox_pending) p',
      );
    const before = await count();
    await expect(control.create({ slug: 'only-once' })).rejects.toMatchObject({ code: 'slug-taken' });
    expect(await count()).toEqual(before);
  });

  it('audits every command, and the audit cannot be rewritten', async () => {
    const id = await control.active();
    await control.commands.execute(new SuspendTenant(id, 'unpaid', TESTER));
    const entries = await control.rows<{
      action: string;
      actor: string;
      reason: string | null;
      request_id: string;
    }>(
      'SELECT action, actor, reason, request_id FROM tenantry.audit_entry WHERE tenant_id = $1 ORDER BY id',
      [id],
    );
    expect(entries).toEqual([
      { action: 'tenant.create', actor: TESTER.actor, reason: null, request_id: 'r-1' },
      { action: 'operation.succeeded', actor: 'system:reconciler', reason: null, request_id: null },
      { action: 'tenant.suspend', actor: TESTER.actor, reason: 'unpaid', request_id: 'r-1' },
    ]);
    await expect(control.rows('UPDATE tenantry.audit_entry SET actor = actor')).rejects.toThrow(
      /append-only/,
    );
    await expect(control.rows('TRUNCATE tenantry.audit_entry CASCADE')).rejects.toThrow(/append-only/);
  });
});
