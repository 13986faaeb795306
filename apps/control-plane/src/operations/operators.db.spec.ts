import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Capability } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import { ApiHarness } from '../testing/api-harness.js';
import type { OperationView } from './operation.view.js';

interface Body {
  readonly code?: string;
  readonly tenant: { readonly id: string; readonly state: string; readonly version: number };
  readonly operation: OperationView;
}

describe('an operator', () => {
  let api: ApiHarness;
  beforeAll(async () => {
    api = await ApiHarness.start(['reference', 'second']);
  });
  afterAll(() => api.stop());

  const because = { body: { reason: 'incident 42' } };

  function call(method: string, path: string, body: unknown = because.body, headers = {}) {
    return api.call<Body>(method, path, { body, headers });
  }

  /** A tenant that both participants have been asked to provision. */
  async function asked(): Promise<{ id: string; operation: string }> {
    const { tenant, operation } = await api.control.create();
    await api.control.reconcile(tenant.id);
    return { id: tenant.id, operation: operation.id };
  }

  async function active(): Promise<string> {
    const { id } = await asked();
    await everyone(id);
    return id;
  }

  async function everyone(id: string): Promise<void> {
    await api.control.reconcile(id);
    for (const participant of ['reference', 'second']) await api.control.acknowledge(id, {}, participant);
    await api.control.reconcile(id);
  }

  async function read(
    id: string,
  ): Promise<{ state: string; version: number; conditions: { type: string }[] }> {
    return (await api.call<never>('GET', `/v1/tenants/${id}`)).body;
  }

  async function current(id: string): Promise<OperationView> {
    const { body } = await api.call<{ data: OperationView[] }>(
      'GET',
      `/v1/operations?tenantId=${id}&limit=1`,
    );
    return body.data[0]!;
  }

  async function asksOf(id: string): Promise<unknown[]> {
    const rows = await api.control.rows<{ envelope: { type: string; data: Record<string, unknown> } }>(
      `SELECT envelope FROM tenantry.tenant_event WHERE tenant_id = $1 AND type LIKE '%_requested.v1' ORDER BY tenant_seq`,
      [id],
    );
    return rows.map(({ envelope }) => [
      envelope.type,
      envelope.data['attempt'],
      envelope.data['participants'],
    ]);
  }

  it('retries an operation that failed for good: who has not acknowledged is asked again', async () => {
    const { id, operation } = await asked();
    await api.control.acknowledge(id);
    await api.control.acknowledge(id, { outcome: 'failed', retryable: false, error: 'disk full' }, 'second');
    await api.control.reconcile(id);
    expect((await current(id)).state).toBe('failed');
    const answer = await call('POST', `/v1/operations/${operation}/retry`, {});
    expect([answer.status, answer.body.operation.state]).toEqual([202, 'running']);
    await api.control.reconcile(id);
    expect((await asksOf(id)).at(-1)).toEqual(['tenant.provisioning_requested.v1', 2, ['second']]);
    await api.control.acknowledge(id, {}, 'second');
    await api.control.reconcile(id);
    expect((await read(id)).state).toBe('ACTIVE');
    expect((await api.audit(`operations/${operation}`)).map(({ action }) => action)).toEqual([
      'operation.failed',
      'operation.retry',
      'operation.succeeded',
    ]);
  });

  it('retries nothing that has ended or was overtaken', async () => {
    const id = await active();
    const ended = await current(id);
    expect((await call('POST', `/v1/operations/${ended.id}/retry`, {})).body.code).toBe(
      'operation-action-refused',
    );
    const { operation } = await asked();
    const answer = await call('POST', `/v1/operations/${newId()}/retry`, {});
    expect([answer.status, answer.body.code]).toEqual([404, 'not-found']);
    const [row] = await api.control.rows<{ tenant_id: string }>(
      'SELECT tenant_id FROM tenantry.operation WHERE id = $1',
      [operation],
    );
    await call('POST', `/v1/tenants/${row!.tenant_id}/suspend`);
    expect((await call('POST', `/v1/operations/${operation}/retry`, {})).status).toBe(409);
  });

  it('skips a participant; the tenant shows it until that participant speaks for itself', async () => {
    const { id, operation } = await asked();
    await api.control.acknowledge(id);
    const answer = await call('POST', `/v1/operations/${operation}/tasks/second/skip`);
    expect(answer.status).toBe(202);
    await api.control.reconcile(id);
    const skipped = await read(id);
    expect([skipped.state, skipped.conditions.map(({ type }) => type)]).toEqual(['ACTIVE', ['skipped']]);
    const task = (await current(id)).tasks.find(({ participant }) => participant === 'second');
    expect(task).toMatchObject({ state: 'skipped', decision: { kind: 'skip', reason: 'incident 42' } });
    await api.control.acknowledge(id, {}, 'second');
    await api.control.reconcile(id);
    expect((await read(id)).conditions).toEqual([]);
  });

  it('cannot skip what was acknowledged, nobody who was not asked, and not with an attestation', async () => {
    const { id, operation } = await asked();
    await api.control.acknowledge(id);
    const answers = [
      await call('POST', `/v1/operations/${operation}/tasks/reference/skip`),
      await call('POST', `/v1/operations/${operation}/tasks/stranger/skip`),
      await call('POST', `/v1/operations/${operation}/tasks/second/attest`),
      await call('POST', `/v1/operations/${operation}/tasks/second/skip`, {}),
    ];
    expect(answers.map(({ status }) => status)).toEqual([409, 404, 409, 400]);
  });

  it('cancels a suspension that hangs: everyone is asked to go back', async () => {
    const id = await active();
    const { body } = await call('POST', `/v1/tenants/${id}/suspend`);
    await api.control.reconcile(id);
    const answer = await call('POST', `/v1/operations/${body.operation.id}/cancel`);
    expect([answer.status, answer.body.operation.kind, answer.body.tenant.state]).toEqual([
      202,
      'reactivate',
      'REACTIVATING',
    ]);
    const cancelled = await api.call<OperationView>('GET', `/v1/operations/${body.operation.id}`);
    expect(cancelled.body.state).toBe('cancelled');
    await everyone(id);
    expect((await read(id)).state).toBe('ACTIVE');
  });

  it('cancels a deletion that hangs', async () => {
    const id = await active();
    const { body } = await api.call<Body>('DELETE', `/v1/tenants/${id}?gracePeriod=P30D`);
    const answer = await call('POST', `/v1/operations/${body.operation.id}/cancel`);
    expect([answer.status, answer.body.operation.kind]).toEqual([202, 'cancel_deletion']);
    expect((await api.control.events(id)).slice(-1)).toEqual(['tenant.deletion_cancelled.v1']);
  });

  it('cannot cancel a provisioning or a purge', async () => {
    const { id, operation } = await asked();
    expect((await call('POST', `/v1/operations/${operation}/cancel`)).status).toBe(409);
    const purging = await purge(id);
    expect((await call('POST', `/v1/operations/${purging}/cancel`)).status).toBe(409);
    expect((await call('POST', `/v1/operations/${purging}/tasks/second/skip`)).body.code).toBe(
      'operation-action-refused',
    );
  });

  /** Deletes a tenant at once; answers the purge's operation, whose participants have been asked. */
  async function purge(id: string): Promise<string> {
    await api.call('DELETE', `/v1/tenants/${id}?gracePeriod=PT0S`);
    await everyone(id);
    await api.control.reconcile(id);
    const operation = await current(id);
    expect(operation.kind).toBe('purge');
    return operation.id;
  }

  it('attests for a dead service in a purge; its task says so', async () => {
    const id = await active();
    const operation = await purge(id);
    await api.control.acknowledge(id);
    const answer = await call('POST', `/v1/operations/${operation}/tasks/second/attest`);
    expect(answer.status).toBe(202);
    await api.control.reconcile(id);
    expect((await read(id)).state).toBe('PURGED');
    const [task] = (await current(id)).tasks.filter(({ participant }) => participant === 'second');
    expect(task?.decision).toMatchObject({ kind: 'attest', reason: 'incident 42' });
  });

  it('freezes a tenant: answers are taken in, and nothing else happens until it is resumed', async () => {
    const id = await active();
    expect((await call('POST', `/v1/tenants/${id}/pause`)).status).toBe(200);
    expect((await call('POST', `/v1/tenants/${id}/pause`)).body.code).toBe('already-paused');
    await call('POST', `/v1/tenants/${id}/suspend`);
    const before = await asksOf(id);
    await api.control.reconcile(id);
    expect(await asksOf(id)).toEqual(before);
    expect((await read(id)).conditions.map(({ type }) => type)).toEqual(['paused']);
    expect((await call('POST', `/v1/tenants/${id}/resume`, {})).status).toBe(200);
    await api.control.reconcile(id);
    expect(await asksOf(id)).toHaveLength(before.length + 1);
    await call('POST', `/v1/tenants/${id}/pause`);
    for (const participant of ['reference', 'second']) await api.control.acknowledge(id, {}, participant);
    await api.control.reconcile(id);
    expect((await read(id)).state).toBe('SUSPENDING');
    await call('POST', `/v1/tenants/${id}/resume`, {});
    await api.control.reconcile(id);
    expect((await read(id)).state).toBe('SUSPENDED');
    expect((await call('POST', `/v1/tenants/${id}/resume`, {})).body.code).toBe('not-paused');
  });

  it('holds a tenant: its deadline passes and nothing is purged until the hold is released', async () => {
    const id = await active();
    expect((await call('PUT', `/v1/tenants/${id}/legal-hold`)).status).toBe(200);
    await api.call('DELETE', `/v1/tenants/${id}?gracePeriod=PT0S`);
    await everyone(id);
    expect(await read(id)).toMatchObject({
      state: 'DELETION_SCHEDULED',
      legalHold: { reason: 'incident 42' },
    });
    expect((await api.call('DELETE', `/v1/tenants/${id}/legal-hold?reason=over`)).status).toBe(200);
    await api.control.reconcile(id);
    expect((await read(id)).state).toBe('PURGING');
    expect((await call('PUT', `/v1/tenants/${id}/legal-hold`)).body.code).toBe('purge-has-begun');
    expect((await api.call('DELETE', `/v1/tenants/${id}/legal-hold`)).body.code).toBe('no-legal-hold');
    expect((await api.audit(`tenants/${id}`)).map(({ action }) => action)).toEqual([
      'tenant.create',
      'tenant.place_legal_hold',
      'tenant.delete',
      'tenant.release_legal_hold',
      'tenant.purge',
    ]);
  });

  it('moves a deletion’s deadline, counted from when it was asked for, and never into the past', async () => {
    const id = await active();
    await api.call('DELETE', `/v1/tenants/${id}?gracePeriod=P30D`);
    const deletion = async () =>
      (await api.call<{ requestedAt: string; purgeAfter: string }>('GET', `/v1/tenants/${id}/deletion`)).body;
    const move = async (gracePeriod: string, version?: number) =>
      call(
        'PATCH',
        `/v1/tenants/${id}/deletion`,
        { gracePeriod, reason: 'asked by legal' },
        {
          'if-match': `"${version ?? (await read(id)).version}"`,
        },
      );
    expect((await move('P60D')).status).toBe(200);
    const extended = await deletion();
    expect(Date.parse(extended.purgeAfter) - Date.parse(extended.requestedAt)).toBe(60 * 86_400_000);
    const { headers } = await api.call('GET', `/v1/tenants/${id}/deletion`);
    expect(headers.get('etag')).toBe(`"${(await read(id)).version}"`);
    expect((await move('P1D', 1)).status).toBe(412);
    expect((await call('PATCH', `/v1/tenants/${id}/deletion`, { gracePeriod: 'P1D' })).status).toBe(428);
    expect((await move('P1M')).status).toBe(400);
    await everyone(id);
    expect((await move('PT0S')).status).toBe(200);
    await api.control.reconcile(id);
    expect((await read(id)).state).toBe('PURGING');
    expect((await move('P60D')).body.code).toBe('illegal-transition');
    const types = await api.control.events(id);
    expect(types.filter((type) => type === 'tenant.deletion_scheduled.v1')).toHaveLength(3);
  });

  describe('of an installation that verifies', () => {
    beforeAll(async () => {
      const capabilities: Capability[] = ['verify'];
      const { status } = await api.call('PUT', '/v1/participants/verifier', {
        body: { required: true, capabilities, stores: [] },
      });
      expect(status).toBe(201);
    });

    it('sees a refused scan name what it found, and has it scanned again', async () => {
      const id = await active();
      const operation = await purge(id);
      for (const participant of ['reference', 'second']) await api.control.acknowledge(id, {}, participant);
      await api.control.reconcile(id);
      expect((await asksOf(id)).at(-1)).toEqual(['tenant.verification_requested.v1', 1, ['verifier']]);
      expect((await read(id)).state).toBe('PURGING');
      const found = {
        outcome: 'failed',
        retryable: false,
        error: '3 rows in public.forgotten',
        evidence: { clean: false },
      } as const;
      await api.control.acknowledge(id, found, 'verifier');
      await api.control.reconcile(id);
      expect(await current(id)).toMatchObject({ state: 'failed' });
      const [scan] = (await current(id)).tasks.filter(({ participant }) => participant === 'verifier');
      expect(scan).toMatchObject({ lastError: '3 rows in public.forgotten', evidence: { clean: false } });
      expect((await call('POST', `/v1/operations/${operation}/tasks/verifier/attest`)).status).toBe(409);
      await call('POST', `/v1/operations/${operation}/retry`, {});
      await api.control.reconcile(id);
      expect((await asksOf(id)).at(-1)).toEqual(['tenant.verification_requested.v1', 2, ['verifier']]);
      await api.control.acknowledge(id, { evidence: { clean: true } }, 'verifier');
      await api.control.reconcile(id);
      expect((await read(id)).state).toBe('PURGED');
    });
  });
});
