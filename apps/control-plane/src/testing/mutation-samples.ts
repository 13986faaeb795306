import type { CreatedApiKey } from '../api-keys/create-api-key.command.js';
import type { ApiHarness, Call } from './api-harness.js';

/** A request that changes something when it is sent now. */
export interface MutationSample extends Call {
  /** With its query, if it has one. */
  readonly path: string;
}

/** Makes what the request needs, anew at each call, and says how it is sent. */
export type SampleMaker = (api: ApiHarness, unique: string) => Promise<MutationSample>;

const REASON = { reason: 'a sample' };

async function suspended(api: ApiHarness): Promise<string> {
  const id = await api.control.active();
  await api.call('POST', `/v1/tenants/${id}/suspend`, { body: REASON });
  return id;
}

async function deleted(api: ApiHarness): Promise<string> {
  const id = await api.control.active();
  await api.call('DELETE', `/v1/tenants/${id}`);
  return id;
}

/**
 * One request for each route that changes something, by method and path as the OpenAPI document has them. A route without
 * a sample fails the test of dry runs: nobody would have seen that its dry run is one.
 */
export const MUTATION_SAMPLES: Readonly<Record<string, SampleMaker>> = {
  'POST /v1/tenants': (_api, unique) =>
    Promise.resolve({ path: '/v1/tenants', body: { slug: unique, name: unique } }),
  'PATCH /v1/tenants/{id}': async (api) => ({
    path: `/v1/tenants/${await api.control.active()}`,
    body: { name: 'Another name' },
    headers: { 'if-match': '*' },
  }),
  'POST /v1/tenants/{id}/suspend': async (api) => ({
    path: `/v1/tenants/${await api.control.active()}/suspend`,
    body: REASON,
  }),
  'POST /v1/tenants/{id}/reactivate': async (api) => ({
    path: `/v1/tenants/${await suspended(api)}/reactivate`,
    body: REASON,
  }),
  'DELETE /v1/tenants/{id}': async (api) => ({
    path: `/v1/tenants/${await api.control.active()}?gracePeriod=P30D`,
  }),
  'DELETE /v1/tenants/{id}/deletion': async (api) => ({
    path: `/v1/tenants/${await deleted(api)}/deletion`,
  }),
  'PUT /v1/participants/{name}': (_api, unique) =>
    Promise.resolve({
      path: `/v1/participants/${unique}`,
      body: { required: false, capabilities: ['provision', 'suspend', 'reactivate', 'purge'], stores: [] },
    }),
  'POST /v1/clusters': (_api, unique) =>
    Promise.resolve({ path: '/v1/clusters', body: { name: unique, region: 'eu' } }),
  'PATCH /v1/clusters/{name}': async (api, unique) => {
    await api.call('POST', '/v1/clusters', { body: { name: unique, region: 'eu' } });
    return { path: `/v1/clusters/${unique}`, body: { state: 'closed' } };
  },
  'POST /v1/api-keys': (_api, unique) =>
    Promise.resolve({ path: '/v1/api-keys', body: { name: unique, role: 'viewer' } }),
  'DELETE /v1/api-keys/{id}': async (api, unique) => {
    const { body } = await api.call<CreatedApiKey>('POST', '/v1/api-keys', {
      body: { name: unique, role: 'viewer' },
    });
    return { path: `/v1/api-keys/${body.id}` };
  },
};
