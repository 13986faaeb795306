import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { Client } from 'pg';
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
    expect(declared).toEqual({ added: ['billing', 'search', 'verifier'], warnings: [] });
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

  it('are declared while a tenant meets them, in whatever order they are written', async () => {
    const { tenant } = await api.control.create();
    await declare('second');
    const client = new Client({ connectionString: api.control.serviceUrl });
    await client.connect();
    const locked: string[] = [];
    let met: Promise<unknown> | undefined;
    const sql: SqlExecutor = {
      query: async <R extends object>(text: string, params: readonly unknown[] = []) => {
        const rows = await pgExecutor(client).query<R>(text, params);
        if (text.includes('FOR NO KEY UPDATE') || text.includes('FOR UPDATE')) {
          locked.push(String(params[0]));
          met ??= api.control.reconcile(tenant.id);
          await met;
        }
        return rows;
      },
    };
    await client.query('BEGIN');
    await client.query(`SET LOCAL statement_timeout = '5s'`);
    await declareParticipantsTx(sql, parseParticipants('second,reference'));
    await client.query('COMMIT');
    await client.end();
    expect(locked).toEqual(['reference', 'second']);
    expect(await api.control.state(tenant.id)).toBe('PROVISIONING');
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
