import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Drain } from '@tenantry/service';
import { EventReader, waitFor } from '@tenantry/testing';
import type { Explanation } from '../explaining/explanation.js';
import { SuspendTenant } from '../tenants/suspend-tenant.command.js';
import { ApiHarness } from '../testing/api-harness.js';
import { TESTER } from '../testing/lifecycle-harness.js';

const PURGED_SQL = `UPDATE tenantry.tenant SET state = 'PURGED', desired = 'purged' WHERE id = $1`;

describe('GET /v1/tenants/{id}/watch', () => {
  let api: ApiHarness;
  let open: EventReader[] = [];
  beforeAll(async () => {
    api = await ApiHarness.start();
  });
  afterAll(() => api.stop());
  afterEach(async () => {
    for (const reader of open) reader.close();
    open = [];
    await waitFor('the places to be given back', async () => {
      const { tenant } = await api.control.create();
      const readers = await Promise.all([watch(tenant.id), watch(tenant.id), watch(tenant.id)]);
      for (const reader of readers) reader.close();
      return readers.every(({ response }) => response.status === 200);
    });
  });

  async function watch(id: string, headers: Record<string, string> = {}): Promise<EventReader> {
    const reader = await EventReader.open(`${await api.app.getUrl()}/v1/tenants/${id}/watch`, {
      authorization: `Bearer ${api.adminKey}`,
      ...headers,
    });
    open.push(reader);
    return reader;
  }

  const states = (reader: EventReader): string[] =>
    reader.events.map(({ event, data }) => (event === 'explanation' ? (data as Explanation).state : event));

  it('begins with what explain says, and follows what other processes do', async () => {
    const { tenant } = await api.control.create();
    const reader = await watch(tenant.id);
    expect(reader.response.headers.get('content-type')).toBe('text/event-stream');
    const first = await reader.next(0);
    const { body } = await api.call<Explanation>('GET', `/v1/tenants/${tenant.id}/explain`);
    expect({ ...(first.data as Explanation), at: body.at }).toEqual(body);
    await api.control.reconcile(tenant.id);
    await reader.next(1);
    await api.control.acknowledge(tenant.id);
    await api.control.reconcile(tenant.id);
    await waitFor('the tenant to be seen active', () => states(reader).at(-1) === 'ACTIVE');
    expect(states(reader).slice(0, 2)).toEqual(['REQUESTED', 'PROVISIONING']);
    const ids = reader.events.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  /** How many events there are once a whole poll has brought none. */
  async function quiet(reader: EventReader): Promise<number> {
    const before = reader.events.length;
    const { now } = (await api.control.rows<{ now: Date }>('SELECT clock_timestamp() AS now'))[0] ?? {};
    await waitFor('a poll to pass', async () => {
      const [row] = await api.control.rows<{ over: boolean }>(
        `SELECT clock_timestamp() > $1::timestamptz + interval '1.2 s' AS over`,
        [now],
      );
      return row?.over;
    });
    return reader.events.length === before ? before : quiet(reader);
  }

  it('says nothing twice: not what has not changed, nor what a client has already', async () => {
    const id = await api.control.active();
    const reader = await watch(id);
    const { id: eventId } = await reader.next(0);
    await api.control.rows('UPDATE tenantry.participant SET last_heartbeat_at = tenantry.now()');
    await quiet(reader);
    const before = reader.events.length;
    await api.control.rows('UPDATE tenantry.participant SET last_heartbeat_at = tenantry.now()');
    await api.control.rows('UPDATE tenantry.tenant SET name = name WHERE id = $1', [id]);
    expect(await quiet(reader)).toBe(before);

    const again = await watch(id, { 'last-event-id': reader.events.at(-1)?.id ?? '' });
    expect(await quiet(again)).toBe(0);
    await api.control.commands.execute(new SuspendTenant(id, 'unpaid', TESTER));
    expect(((await again.next(0)).data as Explanation).state).toBe('SUSPENDING');
    const old = await watch(id, { 'last-event-id': eventId ?? '' });
    expect(((await old.next(0)).data as Explanation).state).toBe('SUSPENDING');
  });

  it('sees what time alone has changed', async () => {
    // Its silence would be seen as a change of the participant.
    await api.control.rows('UPDATE tenantry.participant SET last_heartbeat_at = NULL');
    const { tenant } = await api.control.create();
    await api.control.reconcile(tenant.id);
    const reader = await watch(tenant.id);
    await reader.next(0);
    // The first look after somebody came would see it anyway.
    await quiet(reader);
    await api.control.moveClock('10 minutes');
    await waitFor('the operation to be called overdue', () =>
      reader.events.some(({ data }) => (data as Explanation).operation.overdue),
    );
    await api.control.moveClock('0');
  });

  it('sends the last of a purged tenant, ends, and says that there is no more', async () => {
    const id = await api.control.active();
    const reader = await watch(id);
    await reader.next(0);
    await api.control.rows(PURGED_SQL, [id]);
    await waitFor('the stream to end', () => reader.ended);
    expect(states(reader).slice(-2)).toEqual(['PURGED', 'end']);
    expect(reader.events.at(-1)?.data).toEqual({ reason: 'purged' });
    const again = await watch(id);
    await waitFor('the stream to end', () => again.ended);
    expect(states(again)).toEqual(['PURGED', 'end']);
    const lastId = reader.events.at(-2)?.id ?? '';
    expect((await watch(id, { 'last-event-id': lastId })).response.status).toBe(204);
  });

  it('answers problems before the stream begins', async () => {
    const { tenant } = await api.control.create();
    for (const id of ['01890000-0000-7000-8000-000000000000', 'nonsense']) {
      const { status, body } = await api.call('GET', `/v1/tenants/${id}/watch`);
      expect([status, body.code]).toEqual([404, 'tenant-not-found']);
    }
    expect((await api.call('GET', `/v1/tenants/${tenant.id}/watch`, { key: '' })).status).toBe(401);
    const head = await fetch(`${await api.app.getUrl()}/v1/tenants/${tenant.id}/watch`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${api.adminKey}` },
    });
    expect(head.status).toBe(200);
  });

  it('serves one caller half of its places at most, and others the rest', async () => {
    const { tenant } = await api.control.create();
    await Promise.all([watch(tenant.id), watch(tenant.id), watch(tenant.id)]);
    const { status, body } = await api.call('GET', `/v1/tenants/${tenant.id}/watch`);
    expect([status, body.code]).toEqual([503, 'too-many-watchers']);
    expect(body.detail).toContain('3 clients of yours');
    const authorization = `Bearer ${await api.keyFor('viewer')}`;
    expect((await watch(tenant.id, { authorization })).response.status).toBe(200);
  });

  it('tells of the others when one tenant cannot be explained', async () => {
    const authorization = `Bearer ${await api.keyFor('viewer')}`;
    // More than are explained at a time, and before the one that is well.
    const broken = [];
    for (const key of [api.adminKey, api.adminKey, api.adminKey, authorization.slice(7)]) {
      const { id } = (await api.control.create()).tenant;
      const reader = await watch(id, { authorization: `Bearer ${key}` });
      await reader.next(0);
      broken.push(id);
    }
    const well = await api.control.active();
    const reader = await watch(well, { authorization });
    await reader.next(0);
    await api.control.rows(`UPDATE tenantry.tenant SET conditions = '{}' WHERE id = ANY ($1)`, [broken]);
    expect((await api.call('GET', `/v1/tenants/${broken[0]}/explain`)).status).toBe(500);
    await api.control.commands.execute(new SuspendTenant(well, 'unpaid', TESTER));
    await waitFor('the other to be told of', () => states(reader).at(-1) === 'SUSPENDING');
  });

  it('serves so many at a time and no more, and others when one has left', async () => {
    const { tenant } = await api.control.create();
    const authorization = `Bearer ${await api.keyFor('viewer')}`;
    const readers = await Promise.all([
      ...[1, 2, 3].map(() => watch(tenant.id)),
      ...[1, 2, 3].map(() => watch(tenant.id, { authorization })),
    ]);
    const { status, body, headers } = await api.call('GET', `/v1/tenants/${tenant.id}/watch`);
    expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'too-many-watchers', '10']);
    readers[0]?.close();
    await waitFor('a place to be free', async () => (await watch(tenant.id)).response.status === 200);
  });

  it('tells of a command of its own process without a poll, and ends every stream when that process leaves', async () => {
    const leaving = await ApiHarness.start(undefined, { pollMs: 3_600_000 });
    try {
      const id = await leaving.control.active();
      const reader = await EventReader.open(`${await leaving.app.getUrl()}/v1/tenants/${id}/watch`, {
        authorization: `Bearer ${leaving.adminKey}`,
      });
      await reader.next(0);
      await leaving.call('POST', `/v1/tenants/${id}/suspend`, { body: { reason: 'unpaid' } });
      await waitFor('the suspension to be seen', () => states(reader).at(-1) === 'SUSPENDING');
      leaving.app.get(Drain, { strict: false }).begin();
      await waitFor('the stream to end', () => reader.ended);
      expect(reader.events.at(-1)).toMatchObject({ event: 'end', data: { reason: 'shutdown' } });
      const { status, body } = await leaving.call('GET', `/v1/tenants/${id}/watch`);
      expect([status, body.code]).toEqual([503, 'not-ready']);
    } finally {
      await leaving.stop();
    }
  });
});
