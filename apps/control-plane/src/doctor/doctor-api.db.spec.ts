import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiHarness } from '../testing/api-harness.js';
import type { DoctorView } from './doctor.view.js';

describe('GET /v1/doctor', () => {
  let api: ApiHarness;
  beforeAll(async () => {
    api = await ApiHarness.start(['billing']);
  });
  afterAll(() => api.stop());

  it('tells an administrator what is wrong, and what to do', async () => {
    const { status, body } = await api.call<DoctorView>('GET', '/v1/doctor');
    expect(status).toBe(200);
    // Nobody speaks for the participant.
    expect(body).toMatchObject({ status: 'fail', checkedAt: expect.any(String) });
    expect(body.findings).toContainEqual({
      area: 'participants',
      check: 'billing',
      status: 'fail',
      found: 'it was never heard of; tenants wait for it',
      fix: expect.stringContaining('PARTICIPANT_NAME=billing'),
    });
  });

  it('tells nobody else', async () => {
    expect((await api.call('GET', '/v1/doctor', { key: await api.keyFor('operator') })).status).toBe(403);
    expect((await api.call('GET', '/v1/doctor', { key: '' })).status).toBe(401);
  });
});
