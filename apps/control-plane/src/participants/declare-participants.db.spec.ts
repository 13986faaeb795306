import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pgExecutor } from '@tenantry/database';
import { ApiHarness } from '../testing/api-harness.js';
import { declareParticipantsTx, type Declared } from './declare-participants.js';
import { parseParticipants } from './participant-entry.js';
import type { ParticipantView } from './participant.view.js';

const ALL = ['provision', 'suspend', 'reactivate', 'purge'];

describe('participants of the configuration', () => {
  let api: ApiHarness;
  beforeAll(async () => {
    api = await ApiHarness.start();
  });
  afterAll(() => api.stop());

  function declare(text: string): Promise<Declared> {
    return declareParticipantsTx(pgExecutor(api.control.admin), parseParticipants(text));
  }

  async function read(name: string): Promise<ParticipantView> {
    return (await api.call<ParticipantView>('GET', `/v1/participants/${name}`)).body;
  }

  it('are declared as they are written, and audited', async () => {
    const declared = await declare('search?, verifier=verify, billing@billing+ledger');
    expect(declared).toEqual({ added: ['search', 'verifier', 'billing'], warnings: [] });
    expect(await read('search')).toMatchObject({ required: false, capabilities: ALL, stores: ['primary'] });
    expect(await read('verifier')).toMatchObject({ required: true, capabilities: ['verify'], stores: [] });
    expect(await read('billing')).toMatchObject({ required: true, stores: ['billing', 'ledger'] });
    expect(await read('billing')).toMatchObject({ declaredBy: 'configuration', version: 1 });
    expect(await api.audit('participants/billing')).toMatchObject([{ actor: 'system:configuration' }]);
    expect(await declare('search?, verifier=verify, billing@billing+ledger')).toEqual({
      added: [],
      warnings: [],
    });
    expect(await read('billing')).toMatchObject({ version: 1 });
  });

  it('never change what an operator declared, and say where they differ', async () => {
    const body = { required: false, capabilities: ['purge'], stores: [], ackTimeout: 'PT1M' };
    await api.call('PUT', '/v1/participants/known', { body });
    const { warnings } = await declare('known');
    expect(await read('known')).toMatchObject({ ...body, declaredBy: 'operator', version: 1 });
    expect(warnings).toEqual([
      'participant known is configured with required true; false holds, since an operator declared it',
      'participant known is configured with capabilities provision+purge+reactivate+suspend; purge holds, since an operator declared it',
      'participant known is configured with stores primary; none holds, since an operator declared it',
    ]);
  });

  it('follow a changed configuration where it adds, and warn where it takes away', async () => {
    await declare('ledger?=purge');
    await declare('ledger@ledger');
    expect(await read('ledger')).toMatchObject({
      required: true,
      capabilities: ALL,
      stores: ['ledger'],
      version: 2,
    });
    expect(await declare('ledger=purge')).toEqual({
      added: [],
      warnings: [
        'participant ledger is configured with capabilities purge; provision+purge+reactivate+suspend holds, since a configuration takes nothing away',
        'participant ledger is configured with stores none; ledger holds, since a configuration takes nothing away',
      ],
    });
    expect((await declare('ledger=verify')).warnings[0]).toContain('is configured with capabilities verify');
    expect(await read('ledger')).toMatchObject({ capabilities: ALL, version: 2 });
    expect((await api.audit('participants/ledger')).map(({ action }) => action)).toEqual([
      'participant.create',
      'participant.replace',
    ]);
  });
});
