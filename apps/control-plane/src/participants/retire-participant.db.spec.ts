import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Problem, Page } from '@tenantry/service';
import { Client } from 'pg';
import { DeleteTenant } from '../tenants/delete-tenant.command.js';
import { SuspendTenant } from '../tenants/suspend-tenant.command.js';
import type { OperationView } from '../operations/operation.view.js';
import { ApiHarness, type Answer } from '../testing/api-harness.js';
import { TESTER } from '../testing/lifecycle-harness.js';
import type { HeldTenant } from './held-tenants.js';
import type { ParticipantView } from './participant.view.js';
import type { RetireParticipantResult } from './retire-participant.command.js';

const ALL = ['provision', 'suspend', 'reactivate', 'purge'];

describe('retiring a participant', () => {
  let api: ApiHarness;
  beforeAll(async () => {
    api = await ApiHarness.start();
  });
  afterAll(() => api.stop());

  function put<B = Problem>(name: string, changes: object = {}, ifMatch?: string): Promise<Answer<B>> {
    return api.call('PUT', `/v1/participants/${name}`, {
      body: { required: false, capabilities: ALL, stores: [], ...changes },
      ...(ifMatch && { headers: { 'if-match': ifMatch } }),
    });
  }

  function retire<B = RetireParticipantResult>(name: string, query = 'reason=replaced'): Promise<Answer<B>> {
    return api.call('DELETE', `/v1/participants/${name}?${query}`);
  }

  async function read(name: string): Promise<ParticipantView> {
    return (await api.call<ParticipantView>('GET', `/v1/participants/${name}`)).body;
  }

  async function held(name: string): Promise<readonly HeldTenant[]> {
    return (await api.call<Page<HeldTenant>>('GET', `/v1/participants/${name}/tenants`)).body.data;
  }

  /** A tenant that the participant was asked about, and provisioned. */
  async function heldBy(...names: string[]): Promise<string> {
    const { tenant } = await api.control.create();
    await api.control.reconcile(tenant.id);
    for (const name of ['reference', ...names]) await api.control.acknowledge(tenant.id, {}, name);
    await api.control.reconcile(tenant.id);
    return tenant.id;
  }

  /** Ends what a participant has with the tests after this one. */
  async function drop(name: string): Promise<void> {
    await retire(name, `reason=x&force=true&confirm=${name}`);
  }

  it('is audited, asks it for nothing more, and can be taken back', async () => {
    await put('leaver', { required: true });
    const retired = await retire('leaver');
    expect([retired.status, retired.headers.get('etag')]).toEqual([200, '"2"']);
    expect(retired.body).toMatchObject({
      consequences: [],
      participant: { status: 'retired', retirement: { reason: 'replaced', at: expect.any(String) } },
    });
    const id = await heldBy();
    expect(await api.control.state(id)).toBe('ACTIVE');
    expect(await held('leaver')).toEqual([]);
    const again = await retire('leaver', 'reason=again');
    expect(again.body.participant).toEqual(retired.body.participant);
    expect(await api.audit('participants/leaver')).toMatchObject([
      { action: 'participant.create' },
      { action: 'participant.retire', after: { retired: true, forced: false, heldTenants: 0 } },
    ]);
    await put('leaver');
    expect(await read('leaver')).toMatchObject({ status: 'neverHeardFrom', version: 3 });
    expect((await read('leaver')).retirement).toBeUndefined();
    await drop('leaver');
  });

  it('is refused while it holds tenants, and says which', async () => {
    await put('holder');
    const ids = [];
    for (let count = 0; count < 12; count += 1) ids.push(await heldBy('holder'));
    const refused = await retire<Problem>('holder');
    expect([refused.status, refused.body.code]).toEqual([409, 'participant-holds-tenants']);
    expect(refused.body).toMatchObject({
      count: 12,
      tenants: ids.slice(0, 10).map((id) => ({ id, slug: expect.any(String) })),
      href: '/v1/participants/holder/tenants',
    });
    expect(refused.body.detail).toContain('"holder" holds 12 tenants');
    expect(await read('holder')).toMatchObject({ status: 'neverHeardFrom', version: 1 });

    const first = await api.call<Page<HeldTenant>>('GET', '/v1/participants/holder/tenants?limit=5');
    const rest = await api.call<Page<HeldTenant>>(
      'GET',
      `/v1/participants/holder/tenants?cursor=${first.body.nextCursor}`,
    );
    expect(first.body.data[0]).toEqual({
      tenantId: ids[0],
      slug: expect.any(String),
      state: 'ACTIVE',
      observed: 'active',
      generation: 1,
    });
    expect([...first.body.data, ...rest.body.data].map(({ tenantId }) => tenantId)).toEqual(ids);
    expect(rest.body.nextCursor).toBeNull();
    await drop('holder');
  }, 60_000);

  it('can be forced with its name, and then holds up the purge until it is attested for', async () => {
    await put('lost');
    const { tenant } = await api.control.create({ slug: 'held-by-the-lost' });
    await api.control.reconcile(tenant.id);
    await api.control.acknowledge(tenant.id);
    await api.control.acknowledge(tenant.id, {}, 'lost');
    await api.control.reconcile(tenant.id);

    expect((await retire<Problem>('lost', 'reason=x&force=true')).body.code).toBe('confirmation-required');
    expect((await retire<Problem>('lost', 'reason=x&confirm=last')).body.code).toBe('confirmation-wrong');
    const forced = await retire('lost', 'reason=x&force=true&confirm=lost');
    expect(forced.body.consequences).toEqual([expect.stringContaining('It still holds 1 tenant')]);
    expect(await held('lost')).toMatchObject([{ tenantId: tenant.id, observed: 'active' }]);

    await api.control.commands.execute(new DeleteTenant(tenant.id, 0, 'held-by-the-lost', null, TESTER));
    await api.control.reconcile(tenant.id);
    await api.control.acknowledge(tenant.id);
    await api.control.reconcile(tenant.id);
    await api.control.reconcile(tenant.id);
    await api.control.acknowledge(tenant.id);
    await api.control.reconcile(tenant.id);
    expect(await api.control.state(tenant.id)).toBe('PURGING');
    const asked = await api.control.rows(
      `SELECT FROM tenantry.tenant_event WHERE tenant_id = $1 AND type = 'tenant.purge_requested.v1'
         AND envelope -> 'data' -> 'participants' ? 'lost'`,
      [tenant.id],
    );
    expect(asked).toEqual([]);

    const { body } = await api.call<Page<OperationView>>('GET', `/v1/operations?tenantId=${tenant.id}`);
    const purge = body.data.find(({ kind }) => kind === 'purge')!;
    const attested = await api.call('POST', `/v1/operations/${purge.id}/tasks/lost/attest`, {
      body: { reason: 'its disks were shredded' },
    });
    expect(attested.status).toBe(202);
    await api.control.reconcile(tenant.id);
    expect(await api.control.state(tenant.id)).toBe('PURGED');
    expect(await held('lost')).toEqual([]);
  });

  it('says what it means when nobody is left who provisions', async () => {
    const { consequences } = (await retire('reference', 'reason=x&force=true&confirm=reference')).body;
    expect(consequences).toContainEqual(expect.stringContaining('condition noParticipants'));
    const { tenant } = await api.control.create();
    await api.control.reconcile(tenant.id);
    const { body } = await api.call<{ state: string; conditions: { type: string }[] }>(
      'GET',
      `/v1/tenants/${tenant.id}`,
    );
    expect(body.state).not.toBe('ACTIVE');
    expect(body.conditions.map(({ type }) => type)).toContain('noParticipants');
    await put('reference', { required: true, stores: ['primary'] });
  });

  it('lets go of the tenants that waited for it', async () => {
    await put('blocking', { required: true });
    const { tenant } = await api.control.create();
    await api.control.reconcile(tenant.id);
    await api.control.acknowledge(tenant.id);
    await api.control.reconcile(tenant.id);
    expect(await api.control.state(tenant.id)).toBe('PROVISIONING');
    await api.control.rows('DELETE FROM tenantry.wake');
    await drop('blocking');
    await api.control.catchUp();
    expect(await api.control.rows('SELECT tenant_id FROM tenantry.wake')).toContainEqual({
      tenant_id: tenant.id,
    });
    await api.control.reconcile(tenant.id);
    expect(await api.control.state(tenant.id)).toBe('ACTIVE');
  });

  it.each([
    ['purge', ['suspend', 'reactivate']],
    ['suspend, reactivate', ['purge']],
    ['provision', ['suspend', 'reactivate', 'purge']],
  ])('is the way out where %s cannot be taken away: it holds tenants', async (lost, capabilities) => {
    await put('keeper');
    await heldBy('keeper');
    const refused = await put('keeper', { capabilities });
    expect([refused.status, refused.body.code]).toEqual([409, 'participant-holds-tenants']);
    expect(refused.body.detail).toMatch(new RegExp(`cannot lose [a-z, ]*${lost}`));
    expect(await read('keeper')).toMatchObject({ capabilities: ALL });
    expect((await put('keeper', { required: false, ackTimeout: 'PT1M' })).status).toBe(200);
    await drop('keeper');
  });

  it('is the way out for one that only closes, and could not open again what it keeps closed', async () => {
    await put('gate', { required: true, capabilities: ['suspend', 'reactivate'] });
    const id = await heldBy();
    await api.control.commands.execute(new SuspendTenant(id, 'unpaid', TESTER));
    await api.control.reconcile(id);
    await api.control.acknowledge(id);
    await api.control.acknowledge(id, {}, 'gate');
    await api.control.reconcile(id);
    expect(await api.control.state(id)).toBe('SUSPENDED');
    const refused = await put('gate', { required: true, capabilities: ['purge'] });
    expect([refused.status, refused.body.code]).toEqual([409, 'participant-holds-tenants']);
    expect(refused.body.detail).toContain('cannot lose suspend, reactivate');
    await drop('gate');
  });

  it('is not refused for one that neither destroys nor verifies', async () => {
    await put('fence', { capabilities: ['suspend', 'reactivate'] });
    await heldBy();
    expect(await held('fence')).toEqual([]);
    expect((await retire('fence')).status).toBe(200);
  });

  it('is kept apart from a tenant that meets it at the same moment', async () => {
    await put('swift', { required: true });
    const { tenant } = await api.control.create();
    // The reconciler has read that it is there, and is held up before it meets it.
    const holder = new Client({ connectionString: api.control.database.adminUrl });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query(`SELECT FROM tenantry.participant WHERE name = 'swift' FOR UPDATE`);
    await holder.query(`UPDATE tenantry.participant SET version = version + 1, retired_at = now(), retired_by = 'x'
      WHERE name = 'swift'`);
    const met = api.control.reconcile(tenant.id);
    await api.control.untilBlocked('%INTO tenantry.tenant_participant%');
    await holder.query('COMMIT');
    await holder.end();
    await met;
    expect(
      await api.control.rows(`SELECT FROM tenantry.tenant_participant WHERE participant = 'swift'`),
    ).toEqual([]);
    await api.control.acknowledge(tenant.id);
    await api.control.reconcile(tenant.id);
    expect(await api.control.state(tenant.id)).toBe('ACTIVE');
  });

  it('takes If-Match and an Idempotency-Key, and administrators alone', async () => {
    await put('strict');
    const stale = { headers: { 'if-match': '"9"' } };
    expect((await api.call('DELETE', '/v1/participants/strict?reason=x', stale)).status).toBe(412);
    expect((await api.call('DELETE', '/v1/participants/strict')).status).toBe(400);
    expect((await retire('never-there')).status).toBe(404);
    const key = await api.keyFor('operator');
    expect((await api.call('DELETE', '/v1/participants/strict?reason=x', { key })).status).toBe(403);
    const once = { headers: { 'idempotency-key': 'retire-strict' } };
    const first = await api.call('DELETE', '/v1/participants/strict?reason=x', once);
    const second = await api.call('DELETE', '/v1/participants/strict?reason=x', once);
    expect([first.status, second.status, second.body]).toEqual([200, 200, first.body]);
  });
});
