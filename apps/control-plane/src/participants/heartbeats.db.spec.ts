import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { ApiHarness } from '../testing/api-harness.js';
import type { ParticipantView } from './participant.view.js';

const ALL = ['provision', 'suspend', 'reactivate', 'purge'] as const;

describe('heartbeats', () => {
  let api: ApiHarness;
  beforeAll(async () => {
    api = await ApiHarness.start();
  });
  afterAll(() => api.stop());

  async function read(name: string): Promise<ParticipantView> {
    return (await api.call<ParticipantView>('GET', `/v1/participants/${name}`)).body;
  }

  async function put(name: string, capabilities: readonly string[], stores: string[] = []): Promise<void> {
    await api.call('PUT', `/v1/participants/${name}`, { body: { required: false, capabilities, stores } });
  }

  it('register whoever is unknown, as optional, and are audited', async () => {
    await api.control.heartbeat('search', { stores: ['search'], version: '2.1.0' });
    expect(await read('search')).toMatchObject({
      required: false,
      declaredBy: 'heartbeat',
      capabilities: ALL,
      stores: ['search'],
      status: 'alive',
      softwareVersion: '2.1.0',
      mismatch: [],
      version: 1,
    });
    expect(await api.audit('participants/search')).toMatchObject([
      { actor: 'system:heartbeat', action: 'participant.create', after: { required: false } },
    ]);
  });

  it('register once, however many come first', async () => {
    await Promise.all([1, 2, 3, 4].map(() => api.control.heartbeat('racing')));
    expect(await read('racing')).toMatchObject({ version: 1 });
    expect(await api.audit('participants/racing')).toHaveLength(1);
  });

  it('register one that cannot be asked for anything, and say why', async () => {
    await api.control.heartbeat('odd', { capabilities: ['provision'], stores: ['odd'] });
    expect(await read('odd')).toMatchObject({
      capabilities: [],
      stores: [],
      reported: { capabilities: ['provision'], stores: ['odd'] },
      mismatch: expect.arrayContaining([expect.stringContaining('provision needs reactivate')]),
    });
  });

  it('keep the version while they change nothing that is declared', async () => {
    await put('steady', ALL, ['primary']);
    expect(await read('steady')).toMatchObject({ status: 'neverHeardFrom', version: 1 });
    await api.control.heartbeat('steady');
    const first = await read('steady');
    await api.control.heartbeat('steady', { version: '1.0.1' });
    const second = await read('steady');
    expect(second).toMatchObject({ version: 1, status: 'alive', softwareVersion: '1.0.1' });
    expect(second.firstHeartbeatAt).toBe(first.firstHeartbeatAt);
    expect(second.updatedAt).toBe(first.updatedAt);
    expect(Date.parse(second.lastHeartbeatAt!)).toBeGreaterThan(Date.parse(first.lastHeartbeatAt!));
    expect(await api.audit('participants/steady')).toHaveLength(1);
  });

  it('add to what a heartbeat or the configuration declared, and never take away', async () => {
    await api.control.heartbeat('reference', { stores: ['primary', 'archive'] });
    await api.control.heartbeat('reference', { capabilities: ['suspend', 'reactivate'], stores: [] });
    expect(await read('reference')).toMatchObject({
      required: true,
      capabilities: ALL,
      stores: ['primary', 'archive'],
      version: 2,
      mismatch: [
        'its heartbeat does not report the capabilities provision, purge, and it is asked all the same',
        'its heartbeat does not report the stores primary, archive, and it is asked all the same',
      ],
    });
    expect(await api.audit('participants/reference')).toMatchObject([
      { actor: 'system:configuration' },
      { actor: 'system:heartbeat', action: 'participant.grow', after: { stores: ['primary', 'archive'] } },
    ]);
    await api.control.heartbeat('growing', { capabilities: ['suspend', 'reactivate'] });
    await api.control.heartbeat('growing');
    expect(await read('growing')).toMatchObject({ capabilities: ALL, version: 2 });
  });

  it('leave what an operator declared, and show the difference', async () => {
    await put('kept', ['suspend', 'reactivate']);
    await api.control.heartbeat('kept');
    expect(await read('kept')).toMatchObject({
      capabilities: ['suspend', 'reactivate'],
      stores: [],
      version: 1,
      mismatch: [
        'its heartbeat reports the capabilities provision, purge, not declared of it',
        'its heartbeat reports the store primary, not declared of it',
      ],
    });
  });

  it('change nothing of one that is retired, and show that it lives', async () => {
    await put('gone', ['suspend', 'reactivate']);
    await api.call('DELETE', '/v1/participants/gone?reason=replaced');
    await api.control.heartbeat('gone', { version: '9.9.9' });
    expect(await read('gone')).toMatchObject({
      status: 'retired',
      softwareVersion: null,
      capabilities: ['suspend', 'reactivate'],
      mismatch: [expect.stringMatching(/^retired, but alive: it was last heard from at /)],
    });
    expect((await read('gone')).reported).toBeUndefined();
  });

  it('wait for no tenant that is meeting the participant', async () => {
    await put('busy', ALL, ['primary']);
    const tenant = new Client({ connectionString: api.control.serviceUrl });
    await tenant.connect();
    await tenant.query('BEGIN');
    await tenant.query(`SELECT FROM tenantry.participant WHERE name = 'busy' FOR KEY SHARE`);
    await api.control.heartbeat('busy');
    expect(await read('busy')).toMatchObject({ status: 'alive' });
    await tenant.query('ROLLBACK');
    await tenant.end();
  });

  it('are no signs of life when they lay on their topic for a while, and register all the same', async () => {
    const sent = async (name: string, age: string): Promise<void> => {
      const [row] = await api.control.rows<{ at: Date }>(`SELECT tenantry.now() - $1::interval AS at`, [age]);
      const data = { participant: name, capabilities: [...ALL], stores: ['primary'], version: '1.0.0' };
      await api.control.send(name, name, 'participant.heartbeat.v1', data, row?.at);
    };
    await sent('late', '2 minutes');
    expect(await read('late')).toMatchObject({ capabilities: ALL, status: 'neverHeardFrom' });
    await api.control.heartbeat('late');
    await api.control.moveClock('1 hour');
    await sent('late', '92 seconds');
    expect(await read('late')).toMatchObject({ status: 'silent' });
    await sent('late', '88 seconds');
    expect(await read('late')).toMatchObject({ status: 'alive' });
    await api.control.moveClock('2 hours');
    await sent('late', '-1 day');
    expect(await read('late')).toMatchObject({ status: 'alive' });
    await api.control.moveClock('0');
  });

  it('are missed after 90 s, by the database’s clock', async () => {
    await api.control.heartbeat('mute');
    await api.control.moveClock('1 minute 28 seconds');
    expect(await read('mute')).toMatchObject({ status: 'alive' });
    await api.control.moveClock('1 minute 35 seconds');
    expect(await read('mute')).toMatchObject({ status: 'silent' });
    await api.control.heartbeat('mute');
    expect(await read('mute')).toMatchObject({ status: 'alive' });
  });
});
