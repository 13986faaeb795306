import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from '@tenantry/service';
import { ApiHarness, type Answer } from '../testing/api-harness.js';
import type { ParticipantView } from './participant.view.js';
import { ParticipantsChanged } from './participants-changed.js';

const BILLING = {
  required: false,
  capabilities: ['provision', 'suspend', 'reactivate', 'purge'],
  stores: ['billing'],
  ackTimeout: 'PT1M30S',
};

describe('participants', () => {
  let api: ApiHarness;
  beforeAll(async () => {
    api = await ApiHarness.start();
  });
  afterAll(() => api.stop());

  function put(name: string, body: unknown, ifMatch?: string): Promise<Answer<ParticipantView>> {
    return api.call('PUT', `/v1/participants/${name}`, {
      body,
      headers: ifMatch ? { 'if-match': ifMatch } : {},
    });
  }

  it('are created, read and replaced, and audited each time', async () => {
    const created = await put('billing', BILLING);
    expect([created.status, created.headers.get('etag')]).toEqual([201, '"1"']);
    expect(created.body).toMatchObject({ name: 'billing', ...BILLING, version: 1, softwareVersion: null });
    const replaced = await put('billing', { ...BILLING, required: true, ackTimeout: undefined }, '"1"');
    expect([replaced.status, replaced.headers.get('etag')]).toEqual([200, '"2"']);
    expect(replaced.body).toMatchObject({ required: true, ackTimeout: 'PT5M' });
    const read = await api.call('GET', '/v1/participants/billing');
    expect([read.status, read.headers.get('etag'), read.body]).toEqual([200, '"2"', replaced.body]);
    expect(await api.audit('participants/billing')).toMatchObject([
      { action: 'participant.create', after: { required: false } },
      { action: 'participant.replace', before: { required: false }, after: { required: true } },
    ]);
  });

  it('are not replaced from a version that is not current', async () => {
    await put('ledger', BILLING);
    await put('ledger', BILLING);
    expect((await put('ledger', BILLING, '"1"')).status).toBe(412);
    expect((await put('ledger', BILLING, 'W/"2"')).status).toBe(412);
    expect((await put('unheard-of', BILLING, '"1"')).status).toBe(412);
    expect((await api.call('GET', '/v1/participants/unheard-of')).status).toBe(404);
  });

  it('are refused with capabilities that leave a way out', async () => {
    const refused = await put('half', { ...BILLING, capabilities: ['provision', 'suspend'] });
    expect([refused.status, refused.body]).toMatchObject([
      400,
      { errors: [{ in: 'body', pointer: '/capabilities' }] },
    ]);
    expect((await api.call('GET', '/v1/participants/half')).status).toBe(404);
  });

  it('are created once when two create them at the same time', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => put('race', BILLING)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 201]);
    expect(answers.map(({ body }) => body.version).sort()).toEqual([1, 2, 3, 4]);
  });

  it('tell this process, once they are committed', async () => {
    let told = 0;
    api.app.get(ParticipantsChanged, { strict: false }).onChange(() => (told += 1));
    await put('told', BILLING);
    expect(told).toBe(1);
    await put('told', BILLING, '"9"');
    expect(told).toBe(1);
  });

  it.each([
    ['Upper', BILLING, '/name'],
    ['x'.repeat(41), BILLING, '/name'],
    ['ok', { ...BILLING, capabilities: [] }, '/capabilities'],
    ['ok', { ...BILLING, capabilities: ['provision', 'provision'] }, '/capabilities'],
    ['ok', { ...BILLING, capabilities: ['rule'] }, '/capabilities'],
    ['ok', { ...BILLING, stores: ['with-dash'] }, '/stores'],
    ['ok', { ...BILLING, stores: [7] }, '/stores'],
    ['ok', { ...BILLING, required: 'yes' }, '/required'],
    ['ok', { ...BILLING, ackTimeout: 'PT0S' }, '/ackTimeout'],
    ['ok', { ...BILLING, ackTimeout: 'P8D' }, '/ackTimeout'],
    ['ok', { ...BILLING, ackTimeout: 'soon' }, '/ackTimeout'],
    ['ok', { ...BILLING, ackTimeout: null }, '/ackTimeout'],
    ['ok', { ...BILLING, version: 7 }, '/version'],
  ])('refuse %s with %j', async (name, body, pointer) => {
    const answer = await api.call('PUT', `/v1/participants/${name}`, { body });
    expect([answer.status, answer.body.code]).toEqual([400, 'validation-failed']);
    expect(answer.body.errors).toContainEqual(expect.objectContaining({ pointer }));
  });

  it('are the same 404 for a name that is free and for one that cannot be', async () => {
    const answers = await Promise.all(
      ['free', 'Not%20One'].map((name) => api.call('GET', `/v1/participants/${name}`)),
    );
    expect(answers.map(({ status, body }) => [status, body.detail])).toEqual([
      [404, 'There is no such participant.'],
      [404, 'There is no such participant.'],
    ]);
  });

  it('may be changed by administrators alone', async () => {
    const key = await api.keyFor('operator');
    expect((await api.call('PUT', '/v1/participants/x', { key, body: BILLING })).status).toBe(403);
  });

  it('are listed page by page, by name', async () => {
    const first = await api.call<Page<ParticipantView>>('GET', '/v1/participants?limit=1');
    const rest = await api.call<Page<ParticipantView>>(
      'GET',
      `/v1/participants?cursor=${first.body.nextCursor}`,
    );
    const names = [...first.body.data, ...rest.body.data].map(({ name }) => name);
    expect(names).toEqual([...names].sort());
    expect(names).toContain('reference');
    expect(rest.body.nextCursor).toBeNull();
  });
});
