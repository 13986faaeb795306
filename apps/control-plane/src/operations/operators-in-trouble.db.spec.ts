import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Capability } from '@tenantry/contracts';
import { ApiHarness } from '../testing/api-harness.js';
import type { OperationView } from './operation.view.js';

const FULL: readonly Capability[] = ['provision', 'suspend', 'reactivate', 'purge'];
const FAILED = { outcome: 'failed', retryable: false, error: 'disk full' } as const;

interface Tenant {
  readonly state: string;
  readonly conditions: readonly { readonly type: string }[];
}

/** What goes wrong in the middle of things. */
describe('an operator finds', () => {
  let api: ApiHarness;
  beforeAll(async () => {
    api = await ApiHarness.start(['reference', 'second']);
    // Nothing is walked or recalled by itself here.
    await api.control.rows(
      'UPDATE tenantry.participant SET backfill_ended_at = tenantry.now(), recall_due_at = NULL',
    );
  });
  afterAll(() => api.stop());

  const send = (method: string, path: string, body: object = { reason: 'incident 42' }) =>
    api.call<{ operation: OperationView }>(method, path, { body });
  const read = async (id: string) => (await api.call<Tenant>('GET', `/v1/tenants/${id}`)).body;
  const conditions = async (id: string) => (await read(id)).conditions.map(({ type }) => type);

  async function current(id: string): Promise<OperationView> {
    const { body } = await api.call<{ data: OperationView[] }>(
      'GET',
      `/v1/operations?tenantId=${id}&limit=1`,
    );
    return body.data[0]!;
  }

  function asks(id: string): Promise<{ type: string; attempt: number; participants: string[] }[]> {
    return api.control.rows(
      `SELECT type, (envelope->'data'->>'attempt')::int AS attempt, envelope->'data'->'participants' AS participants
       FROM tenantry.tenant_event WHERE tenant_id = $1 AND type LIKE '%_requested.v1' ORDER BY tenant_seq`,
      [id],
    );
  }

  async function declare(
    name: string,
    capabilities: readonly Capability[],
    stores: string[] = [],
  ): Promise<void> {
    await api.call('PUT', `/v1/participants/${name}`, { body: { required: true, capabilities, stores } });
    await api.control.rows(
      'UPDATE tenantry.participant SET backfill_ended_at = tenantry.now() WHERE name = $1',
      [name],
    );
  }

  async function retire(name: string): Promise<void> {
    const { status } = await api.call(
      'DELETE',
      `/v1/participants/${name}?reason=gone&force=true&confirm=${name}`,
    );
    expect(status).toBe(200);
  }

  /** A new tenant that everyone has been asked to provision. */
  async function asked(): Promise<string> {
    const { tenant } = await api.control.create();
    await api.control.reconcile(tenant.id);
    return tenant.id;
  }

  async function everyone(id: string, names = ['reference', 'second']): Promise<void> {
    await api.control.reconcile(id);
    for (const name of names) await api.control.acknowledge(id, {}, name);
    await api.control.reconcile(id);
  }

  async function active(names?: string[]): Promise<string> {
    const id = await asked();
    await everyone(id, names);
    return id;
  }

  /** A tenant whose purge everyone has been asked for. */
  async function purging(names?: string[]): Promise<string> {
    const id = await active(names);
    await api.call('DELETE', `/v1/tenants/${id}?gracePeriod=PT0S`);
    await everyone(id, names);
    await api.control.reconcile(id);
    return id;
  }

  it('a failed operation told of, also when who failed has succeeded since, and ends it by a retry', async () => {
    const id = await asked();
    await api.control.acknowledge(id);
    await api.control.acknowledge(id, FAILED, 'second');
    await api.control.reconcile(id);
    await api.control.acknowledge(id, {}, 'second');
    await api.control.reconcile(id);
    expect([(await read(id)).state, await conditions(id)]).toEqual(['PROVISIONING', ['failed']]);
    await send('POST', `/v1/operations/${(await current(id)).id}/retry`, {});
    await api.control.reconcile(id);
    expect((await read(id)).state).toBe('ACTIVE');
  });

  it('only the failure told of in an operation that failed, and nobody called late', async () => {
    const id = await asked();
    await api.control.acknowledge(id, FAILED, 'second');
    await api.control.reconcile(id);
    expect(await conditions(id)).toEqual(['failed']);
  });

  it('a way to ask who failed for good on a tenant that is settled', async () => {
    const id = await active();
    await declare('late', FULL, ['late']);
    await api.control.reconcile(id);
    await api.control.acknowledge(id, FAILED, 'late');
    await api.control.reconcile(id);
    expect(await conditions(id)).toEqual(expect.arrayContaining(['failed']));
    const { status } = await send('POST', `/v1/operations/${(await current(id)).id}/retry`);
    expect(status).toBe(202);
    await api.control.reconcile(id);
    expect((await asks(id)).at(-1)).toMatchObject({ attempt: 2, participants: ['late'] });
    await api.control.acknowledge(id, {}, 'late');
    await api.control.reconcile(id);
    expect([(await read(id)).state, await conditions(id)]).toEqual(['ACTIVE', []]);
    await retire('late');
  });

  it('no cluster blamed for a tenant that was paused before it had a place', async () => {
    const { tenant } = await api.control.create();
    await send('POST', `/v1/tenants/${tenant.id}/pause`);
    await api.control.reconcile(tenant.id);
    expect(await conditions(tenant.id)).toEqual(['paused']);
  });

  it('a failure told of while the tenant is paused', async () => {
    const id = await asked();
    await send('POST', `/v1/tenants/${id}/pause`);
    await api.control.acknowledge(id, FAILED, 'second');
    await api.control.reconcile(id);
    expect(await conditions(id)).toEqual(['paused', 'failed']);
  });

  it('a retry that gives the whole time anew and is not undone by an echo of the failure', async () => {
    const id = await asked();
    await api.control.acknowledge(id);
    await api.control.acknowledge(id, FAILED, 'second');
    await api.control.reconcile(id);
    await api.control.rows("UPDATE tenantry.task SET addressed_at = addressed_at - interval '4 days'");
    const { id: operation } = await current(id);
    await api.control.rows(
      "UPDATE tenantry.operation SET deadline = deadline - interval '4 days' WHERE id = $1",
      [operation],
    );
    await send('POST', `/v1/operations/${operation}/retry`);
    for (const echo of [FAILED, { outcome: 'in_progress', progress: 10 } as const])
      await api.control.acknowledge(id, echo, 'second');
    await api.control.reconcile(id);
    const again = await current(id);
    expect([again.state, await conditions(id)]).toEqual(['running', []]);
    expect(Date.parse(again.deadline)).toBeGreaterThan(Date.now());
    expect((await asks(id)).at(-1)).toMatchObject({ attempt: 2, participants: ['second'] });
  });

  it('a retry that reaches a silent participant, since somebody wants it to', async () => {
    const id = await asked();
    await api.control.acknowledge(id);
    await api.control.rows(
      "UPDATE tenantry.participant SET last_heartbeat_at = tenantry.now() - interval '1 day' WHERE name = 'second'",
    );
    await send('POST', `/v1/operations/${(await current(id)).id}/retry`);
    await api.control.reconcile(id);
    expect((await asks(id)).at(-1)).toMatchObject({ attempt: 2, participants: ['second'] });
    await api.control.rows("UPDATE tenantry.participant SET last_heartbeat_at = NULL WHERE name = 'second'");
  });

  it('a tenant without a place looked at every minute, and not by the back-off', async () => {
    const { tenant } = await api.control.create();
    // As an earlier version left it, which gave out clusters later.
    await api.control.rows('DELETE FROM tenantry.tenant_cluster WHERE tenant_id = $1', [tenant.id]);
    await api.control.rows("UPDATE tenantry.cluster SET state = 'closed'");
    const wait = await api.control.reconcile(tenant.id);
    await api.control.rows("UPDATE tenantry.cluster SET state = 'open'");
    expect(wait!.getTime() - Date.now()).toBeGreaterThan(30_000);
    expect(await conditions(tenant.id)).toEqual(['unplaceable']);
  });

  describe('where a purge is verified', () => {
    beforeAll(() => declare('verifier', ['verify']));

    it('a scan made anew when somebody has destroyed after it', async () => {
      await declare('grower', ['suspend', 'reactivate']);
      const id = await purging(['reference', 'second', 'grower']);
      await everyone(id);
      await declare('grower', FULL, ['grown']);
      await api.control.acknowledge(id, {}, 'verifier');
      await api.control.reconcile(id);
      expect((await read(id)).state).toBe('PURGING');
      await api.control.acknowledge(id, {}, 'grower');
      await api.control.reconcile(id);
      expect((await asks(id)).at(-1)).toMatchObject({
        type: 'tenant.verification_requested.v1',
        attempt: 2,
        participants: ['verifier'],
      });
      // What the first scan found is no answer to the second.
      await api.control.acknowledge(id, { attempt: 1 }, 'verifier');
      await api.control.reconcile(id);
      expect((await read(id)).state).toBe('PURGING');
      await api.control.acknowledge(id, { attempt: 2 }, 'verifier');
      await api.control.reconcile(id);
      expect((await read(id)).state).toBe('PURGED');
      await retire('grower');
    });

    it('the time of the scan beginning with the scan', async () => {
      const id = await purging();
      const { id: operation } = await current(id);
      await api.control.rows('UPDATE tenantry.operation SET deadline = tenantry.now() WHERE id = $1', [
        operation,
      ]);
      await everyone(id);
      expect(Date.parse((await current(id)).deadline)).toBeGreaterThan(Date.now());
      const { body } = await api.call<{ data: { operation: { id: string } }[] }>('GET', '/v1/stuck');
      expect(body.data.map((each) => each.operation.id)).not.toContain(operation);
    });

    it('a way past a scan that cannot look any more where a dead service was attested for', async () => {
      const id = await purging();
      const { id: operation } = await current(id);
      await api.control.acknowledge(id);
      await send('POST', `/v1/operations/${operation}/tasks/second/attest`);
      await api.control.reconcile(id);
      await api.control.acknowledge(
        id,
        { outcome: 'failed', retryable: true, error: 'not reached' },
        'verifier',
      );
      expect((await send('POST', `/v1/operations/${operation}/tasks/verifier/attest`)).status).toBe(202);
      await api.control.reconcile(id);
      expect([(await read(id)).state, await conditions(id)]).toEqual(['PURGED', ['skipped', 'skipped']]);
    });

    it('no way past a scan that found something, attested for or not', async () => {
      const id = await purging();
      const { id: operation } = await current(id);
      await api.control.acknowledge(id);
      await send('POST', `/v1/operations/${operation}/tasks/second/attest`);
      await api.control.reconcile(id);
      await api.control.acknowledge(id, { ...FAILED, error: '3 rows in public.forgotten' }, 'verifier');
      await api.control.reconcile(id);
      expect((await send('POST', `/v1/operations/${operation}/tasks/verifier/attest`)).status).toBe(409);
    });

    it('what a scan has found in the way when its verifier is retired, until it is attested', async () => {
      const id = await purging();
      await everyone(id);
      await api.control.acknowledge(id, { ...FAILED, error: '3 rows in public.forgotten' }, 'verifier');
      await api.control.reconcile(id);
      const { id: operation } = await current(id);
      await retire('verifier');
      await send('POST', `/v1/operations/${operation}/retry`, {});
      await api.control.reconcile(id);
      expect((await read(id)).state).toBe('PURGING');
      expect((await send('POST', `/v1/operations/${operation}/tasks/verifier/attest`)).status).toBe(202);
      await api.control.reconcile(id);
      expect([(await read(id)).state, await conditions(id)]).toEqual(['PURGED', ['skipped']]);
    });
  });
});
