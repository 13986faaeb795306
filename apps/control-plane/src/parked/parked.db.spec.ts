import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Acknowledgement, Parked, ReplayRequest, Unparked } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import type { Page } from '@tenantry/service';
import { ApiHarness } from '../testing/api-harness.js';
import type { ParkedFactDetailView, ParkedFactView } from './parked-fact.view.js';
import { RecoveryReminderWorker } from './recovery-reminder-worker.js';
import type { RecoveryView } from './recovery.view.js';

const REASON = { reason: 'the applier is mended' };

describe('parked facts', () => {
  let api: ApiHarness;
  /** Of what participants say: each message is later than the one before. */
  let clock = Date.now();
  beforeAll(async () => {
    api = await ApiHarness.start(['reference', 'billing?']);
  });
  afterAll(() => api.stop());

  const later = (): Date => new Date((clock += 1000));

  async function park(changes: Partial<Parked> = {}, tenantId?: string): Promise<ParkedFactView> {
    const tenant = tenantId ?? (await api.control.active());
    const data: Parked = {
      participant: 'reference',
      group: 'reference',
      tenantSeq: '3',
      eventId: newId(),
      eventType: 'tenant.provisioned.v1',
      attempts: 5,
      error: 'no such plan',
      stack: 'Error: no such plan\n    at apply (plans.js:3:9)',
      payload: { state: 'ACTIVE' },
      ...changes,
    };
    await api.control.send(data.participant, tenant, 'participant.parked.v1', data, later());
    const [fact] = await list(`tenantId=${tenant}`);
    if (!fact) throw new Error('nothing is parked');
    return fact;
  }

  async function unpark(fact: ParkedFactView, how: Unparked['how'], sentAt = later()): Promise<void> {
    const { participant, group, tenantSeq, eventId, eventType } = fact;
    const data: Unparked = { participant, group, tenantSeq: String(tenantSeq), eventId, eventType, how };
    await api.control.send(participant, fact.tenantId, 'participant.unparked.v1', data, sentAt);
  }

  async function list(query: string): Promise<readonly ParkedFactView[]> {
    return (await api.call<Page<ParkedFactView>>('GET', `/v1/parked?${query}`)).body.data;
  }

  const detail = async (id: string): Promise<ParkedFactDetailView> =>
    (await api.call<ParkedFactDetailView>('GET', `/v1/parked/${id}`)).body;

  const act = (id: string, action: 'redrive' | 'skip', body: object = REASON) =>
    api.call<RecoveryView>('POST', `/v1/parked/${id}/${action}`, { body });

  const replay = (body: object) =>
    api.call<RecoveryView>('POST', '/v1/replays', { body: { ...REASON, participant: 'reference', ...body } });

  async function answer(recovery: RecoveryView, changes: Partial<Acknowledgement> = {}): Promise<void> {
    const data: Acknowledgement = {
      operationId: recovery.id,
      generation: 1,
      attempt: 1,
      participant: recovery.participant,
      outcome: 'succeeded',
      evidence: { applied: 2 },
      ...changes,
    };
    await api.control.send(data.participant, recovery.tenantId, 'participant.acknowledged.v1', data);
  }

  async function requests(tenantId: string): Promise<{ type: string; data: Record<string, unknown> }[]> {
    return api.control.rows(
      `SELECT type, envelope -> 'data' AS data FROM tenantry.tenant_event
       WHERE tenant_id = $1 AND type LIKE 'participant.%' ORDER BY tenant_seq`,
      [tenantId],
    );
  }

  const remind = async (): Promise<void> => void (await api.control.part(RecoveryReminderWorker).step());

  it('are listed by keyset and filters, newest first', async () => {
    const tenantId = await api.control.active();
    const first = await park({ group: 'reference.a' }, tenantId);
    await park({ group: 'reference.b', tenantSeq: '2' }, tenantId);
    await park({ participant: 'billing', group: 'billing' }, tenantId);
    const groups: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor ? `&cursor=${cursor}` : '';
      const { body } = await api.call<Page<ParkedFactView>>(
        'GET',
        `/v1/parked?tenantId=${tenantId}&limit=2${query}`,
      );
      groups.push(...body.data.map(({ group }) => group));
      cursor = body.nextCursor;
    }
    expect(groups).toEqual(['billing', 'reference.b', 'reference.a']);
    expect(await list(`tenantId=${tenantId}&participant=billing`)).toHaveLength(1);
    expect(await list(`tenantId=${tenantId}&group=reference.a`)).toEqual([first]);
    expect(await list(`tenantId=${tenantId}&state=skipped`)).toEqual([]);
    expect((await api.call('GET', '/v1/parked?cursor=IngiCg')).status).toBe(400);
  });

  it('show what one needs to find out why: data, error, stack, attempts, and what waits behind them', async () => {
    const fact = await park({ tenantSeq: '2', eventType: 'tenant.route_changed.v1' });
    expect(await detail(fact.id)).toMatchObject({
      state: 'parked',
      attempts: 5,
      error: 'no such plan',
      stack: expect.stringContaining('plans.js'),
      payload: { state: 'ACTIVE' },
      laterFacts: 1,
      recoveries: [],
    });
    expect((await api.call('GET', `/v1/parked/${newId()}`)).status).toBe(404);
  });

  it('are part of their tenant’s explanation, as long as they are parked', async () => {
    const fact = await park();
    const explained = async (): Promise<unknown> =>
      (await api.call<{ parkedFacts?: unknown }>('GET', `/v1/tenants/${fact.tenantId}/explain`)).body
        .parkedFacts;
    expect(await explained()).toMatchObject([{ id: fact.id, participant: 'reference', tenantSeq: 3 }]);
    await unpark(fact, 'applied');
    expect(await explained()).toBeUndefined();
  });

  it('show their data from the history when the participant has left it out', async () => {
    const tenantId = await api.control.active();
    const [event] = await api.control.rows<{ event_id: string }>(
      'SELECT event_id FROM tenantry.tenant_event WHERE tenant_id = $1 AND tenant_seq = 3',
      [tenantId],
    );
    const data = { participant: 'reference', group: 'reference', tenantSeq: '3', attempts: 1, error: 'e' };
    await api.control.send('reference', tenantId, 'participant.parked.v1', {
      ...data,
      eventId: event?.event_id,
      eventType: 'tenant.provisioned.v1',
    });
    const [fact] = await list(`tenantId=${tenantId}`);
    expect((await detail(fact?.id ?? '')).payload).toMatchObject({ state: 'ACTIVE' });
  });

  it('stay out of the way once they are, whatever comes late', async () => {
    const fact = await park();
    const late = later();
    await unpark(fact, 'applied');
    const { participant, group, eventId, eventType } = fact;
    const again = { participant, group, tenantSeq: '3', eventId, eventType, attempts: 9, error: 'e' };
    await api.control.send(participant, fact.tenantId, 'participant.parked.v1', again, late);
    expect(await list(`tenantId=${fact.tenantId}`)).toEqual([]);
    expect(await detail(fact.id)).toMatchObject({ state: 'applied', resolvedAt: expect.any(String) });
    await api.control.send(participant, fact.tenantId, 'participant.parked.v1', again, later());
    expect(await detail(fact.id)).toMatchObject({ state: 'parked', attempts: 9, resolvedAt: null });
  });

  it('are not brought up by an announcement that was overtaken by the news that they are gone', async () => {
    const tenantId = await api.control.active();
    const early = later();
    const of = { participant: 'reference', group: 'reference', tenantSeq: '3', eventId: 'e', eventType: 't' };
    await api.control.send(
      'reference',
      tenantId,
      'participant.unparked.v1',
      { ...of, how: 'skipped' },
      later(),
    );
    await api.control.send(
      'reference',
      tenantId,
      'participant.parked.v1',
      { ...of, attempts: 1, error: 'e' },
      early,
    );
    expect(await list(`tenantId=${tenantId}`)).toEqual([]);
  });

  describe('redriven', () => {
    it('are asked for on the lifecycle channel, in the tenant’s sequence, and settled by the answer', async () => {
      const fact = await park();
      const { status, body, headers } = await act(fact.id, 'redrive');
      expect(status).toBe(202);
      expect(headers.get('location')).toBe(`/v1/parked/${fact.id}`);
      expect(body).toMatchObject({
        kind: 'redrive',
        state: 'pending',
        fromSeq: 3,
        attempts: 1,
        parkedId: fact.id,
      });
      expect(await requests(fact.tenantId)).toEqual([
        {
          type: 'participant.redrive_requested.v1',
          data: {
            operationId: body.id,
            generation: 1,
            attempt: 1,
            participants: ['reference'],
            group: 'reference',
            tenantSeq: '3',
          },
        },
      ]);
      expect((await api.control.events(fact.tenantId)).at(-1)).toBe('participant.redrive_requested.v1');
      await answer(body);
      expect(await detail(fact.id)).toMatchObject({
        state: 'applied',
        recoveries: [{ id: body.id, state: 'succeeded', applied: 2, error: null }],
      });
      expect(await api.audit(`parked/${fact.id}`)).toMatchObject([
        { action: 'parked_fact.redrive', before: { state: 'parked' }, after: { recoveryId: body.id } },
      ]);
    });

    it('stay parked when they fail again, with the new error', async () => {
      const fact = await park();
      const { body } = await act(fact.id, 'redrive', {});
      await park({ attempts: 10, error: 'still no such plan', eventId: fact.eventId }, fact.tenantId);
      await answer(body, { outcome: 'failed', error: 'still no such plan', retryable: false });
      expect(await detail(fact.id)).toMatchObject({
        state: 'parked',
        attempts: 10,
        error: 'still no such plan',
        recoveries: [{ state: 'failed', error: 'still no such plan' }],
      });
      expect((await act(fact.id, 'redrive')).status).toBe(202);
    });

    it('are refused while something is unanswered, and when they are out of the way', async () => {
      const fact = await park();
      const { body } = await act(fact.id, 'redrive');
      expect((await act(fact.id, 'skip')).body).toMatchObject({
        status: 409,
        code: 'parked-fact-action-refused',
        detail: expect.stringContaining(body.id),
      });
      await answer(body);
      expect((await act(fact.id, 'redrive')).status).toBe(409);
      expect((await act(newId(), 'redrive')).status).toBe(404);
    });

    it('believe nobody but the participant that was asked', async () => {
      const fact = await park();
      const { body } = await act(fact.id, 'redrive');
      await answer(body, { participant: 'billing' });
      await answer(body, { generation: 7 });
      expect((await detail(fact.id)).recoveries).toMatchObject([{ state: 'pending' }]);
    });

    it('are asked for again until they are answered, and given up after a day', async () => {
      const fact = await park();
      const { body } = await act(fact.id, 'redrive');
      await remind();
      expect(await requests(fact.tenantId)).toHaveLength(1);
      await api.control.moveClock('1 hour');
      await remind();
      await remind();
      expect((await requests(fact.tenantId)).map(({ data }) => data['attempt'])).toEqual([1, 2]);
      await api.control.moveClock('25 hours');
      await remind();
      expect((await detail(fact.id)).recoveries).toMatchObject([
        { id: body.id, state: 'failed', attempts: 2, error: expect.stringContaining('within a day') },
      ]);
      expect(await requests(fact.tenantId)).toHaveLength(2);
      await api.control.moveClock('0');
    });
  });

  describe('skipped', () => {
    it('need a reason, which is audited and published to nobody', async () => {
      const fact = await park();
      expect((await act(fact.id, 'skip', {})).status).toBe(400);
      const { body } = await act(fact.id, 'skip');
      expect(JSON.stringify(await requests(fact.tenantId))).not.toContain(REASON.reason);
      const [entry] = await api.control.rows(
        'SELECT action, reason, tenant_id FROM tenantry.audit_entry WHERE resource = $1',
        [`parked/${fact.id}`],
      );
      expect(entry).toEqual({ action: 'parked_fact.skip', reason: REASON.reason, tenant_id: fact.tenantId });
      await unpark(fact, 'skipped');
      await answer(body);
      expect(await detail(fact.id)).toMatchObject({ state: 'skipped', recoveries: [{ state: 'succeeded' }] });
    });

    it('are an operator’s to skip', async () => {
      const fact = await park();
      const key = await api.keyFor('viewer');
      expect((await api.call('POST', `/v1/parked/${fact.id}/skip`, { body: REASON, key })).status).toBe(403);
      expect((await api.call('GET', `/v1/parked/${fact.id}`, { key })).status).toBe(200);
    });
  });

  describe('a replay', () => {
    it('brings the facts of a tenant again, from a sequence on, and no requests', async () => {
      const tenantId = await api.control.active();
      const { status, body, headers } = await replay({ tenantId, fromSeq: 1 });
      expect(status).toBe(202);
      expect(headers.get('location')).toBe(`/v1/replays/${body.id}`);
      const [request] = await requests(tenantId);
      expect(request?.type).toBe('participant.replay_requested.v1');
      const data = request?.data as unknown as ReplayRequest;
      expect(data).toMatchObject({ replayId: body.id, group: 'reference', part: 1, parts: 1, fromSeq: '1' });
      expect(data.facts.map(({ type, tenantSeq }) => [type, tenantSeq])).toEqual([
        ['tenant.route_changed.v1', expect.any(String)],
        ['tenant.provisioned.v1', '3'],
      ]);
      await answer(body);
      const { body: read } = await api.call<RecoveryView>('GET', `/v1/replays/${body.id}`);
      expect(read).toMatchObject({ kind: 'replay', state: 'succeeded', applied: 2, fromSeq: 1, toSeq: 3 });
      expect(await api.audit(`replays/${body.id}`)).toMatchObject([{ action: 'tenant.replay' }]);
    });

    it('asked for again has the same parts, although more has happened', async () => {
      const tenantId = await api.control.active();
      await replay({ tenantId, fromSeq: 3 });
      await api.call('POST', `/v1/tenants/${tenantId}/suspend`, { body: REASON });
      await api.control.moveClock('1 hour');
      await remind();
      await api.control.moveClock('0');
      const [first, second] = (await requests(tenantId)).map(({ data }) => data);
      expect(second).toEqual({ ...first, attempt: 2 });
    });

    it('is refused for what is gone, not there, not known, or somebody else’s', async () => {
      const tenantId = await api.control.active();
      const refused = async (body: object): Promise<unknown> => {
        const answered = await replay({ tenantId, fromSeq: 1, ...body });
        return { status: answered.status, code: (answered.body as unknown as { code: string }).code };
      };
      expect(await refused({ fromSeq: 4 })).toMatchObject({ status: 400 });
      expect(await refused({ participant: 'nobody' })).toMatchObject({ status: 400 });
      expect(await refused({ group: 'billing' })).toMatchObject({ status: 400 });
      expect(await refused({ tenantId: newId() })).toMatchObject({ status: 404 });
      await api.control.admin.query(
        'DELETE FROM tenantry.tenant_event WHERE tenant_id = $1 AND tenant_seq = 1',
        [tenantId],
      );
      expect(await refused({})).toEqual({ status: 409, code: 'replay-refused' });
      expect((await replay({ tenantId, fromSeq: 2 })).status).toBe(202);
      expect(await refused({ fromSeq: 2 })).toEqual({ status: 409, code: 'replay-refused' });
    });

    it('is refused for a tenant that is being destroyed', async () => {
      const tenantId = await api.control.active();
      await api.call('DELETE', `/v1/tenants/${tenantId}?gracePeriod=PT0S`);
      await api.control.reconcile(tenantId);
      await api.control.acknowledge(tenantId);
      await api.control.reconcile(tenantId);
      await api.control.reconcile(tenantId);
      expect(await api.control.state(tenantId)).toBe('PURGING');
      expect((await replay({ tenantId, fromSeq: 1 })).body).toMatchObject({ code: 'tenant-purged' });
    });
  });
});
