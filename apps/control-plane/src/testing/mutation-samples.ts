import { newId } from '@tenantry/kernel';
import type { CreatedApiKey } from '../api-keys/create-api-key.command.js';
import type { ParkedFactView } from '../parked/parked-fact.view.js';
import type { OperationView } from '../operations/operation.view.js';
import type { Accepted } from '../tenants/accepted.js';
import type { ApiHarness, Call } from './api-harness.js';
import type { Page } from '@tenantry/service';

/** A request that changes something when it is sent now. */
export interface MutationSample extends Call {
  /** With its query, if it has one. */
  readonly path: string;
}

/** Makes what the request needs, anew at each call, and says how it is sent. */
export type SampleMaker = (api: ApiHarness, unique: string) => Promise<MutationSample>;

const REASON = { reason: 'a sample' };
const OPTIONAL_PARTICIPANT = {
  required: false,
  capabilities: ['provision', 'suspend', 'reactivate', 'purge'],
  stores: [],
};

async function suspended(api: ApiHarness): Promise<string> {
  const id = await api.control.active();
  await api.call('POST', `/v1/tenants/${id}/suspend`, { body: REASON });
  return id;
}

async function paused(api: ApiHarness): Promise<string> {
  const id = await api.control.active();
  await api.call('POST', `/v1/tenants/${id}/pause`, { body: REASON });
  return id;
}

async function held(api: ApiHarness): Promise<string> {
  const id = await api.control.active();
  await api.call('PUT', `/v1/tenants/${id}/legal-hold`, { body: REASON });
  return id;
}

async function deleted(api: ApiHarness): Promise<string> {
  const id = await api.control.active();
  await api.call('DELETE', `/v1/tenants/${id}`);
  return id;
}

/** An operation whose participants have been asked. */
async function askedToSuspend(api: ApiHarness): Promise<string> {
  const id = await api.control.active();
  const { body } = await api.call<Accepted>('POST', `/v1/tenants/${id}/suspend`, { body: REASON });
  await api.control.reconcile(id);
  return body.operation.id;
}

/** A purge whose participants have been asked. */
async function askedToPurge(api: ApiHarness): Promise<string> {
  const id = await api.control.active();
  await api.call('DELETE', `/v1/tenants/${id}?gracePeriod=PT0S`);
  await api.control.reconcile(id);
  await api.control.acknowledge(id);
  await api.control.reconcile(id);
  await api.control.reconcile(id);
  const { body } = await api.call<Page<OperationView>>('GET', `/v1/operations?tenantId=${id}&limit=1`);
  const [purge] = body.data;
  if (purge?.kind !== 'purge') throw new Error('the purge has not begun');
  return purge.id;
}

/** A fact that `reference` says it could not apply. */
async function parked(api: ApiHarness): Promise<string> {
  const tenantId = await api.control.active();
  await api.control.send('reference', tenantId, 'participant.parked.v1', {
    participant: 'reference',
    group: 'reference',
    tenantSeq: '3',
    eventId: newId(),
    eventType: 'tenant.provisioned.v1',
    attempts: 5,
    error: 'a sample',
  });
  const { body } = await api.call<Page<ParkedFactView>>('GET', `/v1/parked?tenantId=${tenantId}`);
  const [fact] = body.data;
  if (!fact) throw new Error('nothing is parked');
  return fact.id;
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
  'PATCH /v1/tenants/{id}/deletion': async (api) => ({
    path: `/v1/tenants/${await deleted(api)}/deletion`,
    body: { gracePeriod: 'P60D' },
    headers: { 'if-match': '*' },
  }),
  'POST /v1/tenants/{id}/pause': async (api) => ({
    path: `/v1/tenants/${await api.control.active()}/pause`,
    body: REASON,
  }),
  'POST /v1/tenants/{id}/resume': async (api) => ({
    path: `/v1/tenants/${await paused(api)}/resume`,
    body: REASON,
  }),
  'PUT /v1/tenants/{id}/legal-hold': async (api) => ({
    path: `/v1/tenants/${await api.control.active()}/legal-hold`,
    body: REASON,
  }),
  'DELETE /v1/tenants/{id}/legal-hold': async (api) => ({
    path: `/v1/tenants/${await held(api)}/legal-hold`,
  }),
  'POST /v1/operations/{id}/retry': async (api) => ({
    path: `/v1/operations/${await askedToSuspend(api)}/retry`,
    body: REASON,
  }),
  'POST /v1/operations/{id}/cancel': async (api) => ({
    path: `/v1/operations/${await askedToSuspend(api)}/cancel`,
    body: REASON,
  }),
  'POST /v1/operations/{id}/tasks/{participant}/skip': async (api) => ({
    path: `/v1/operations/${await askedToSuspend(api)}/tasks/reference/skip`,
    body: REASON,
  }),
  'POST /v1/operations/{id}/tasks/{participant}/attest': async (api) => ({
    path: `/v1/operations/${await askedToPurge(api)}/tasks/reference/attest`,
    body: REASON,
  }),
  'POST /v1/parked/{id}/redrive': async (api) => ({
    path: `/v1/parked/${await parked(api)}/redrive`,
    body: REASON,
  }),
  'POST /v1/parked/{id}/skip': async (api) => ({
    path: `/v1/parked/${await parked(api)}/skip`,
    body: REASON,
  }),
  'POST /v1/replays': async (api) => ({
    path: '/v1/replays',
    body: { ...REASON, tenantId: await api.control.active(), participant: 'reference', fromSeq: 1 },
  }),
  'POST /v1/tenants/bulk-suspend': async (api, unique) => {
    const labels = { sample: unique };
    await api.control.active({ labels });
    return { path: '/v1/tenants/bulk-suspend', body: { ...REASON, labels } };
  },
  'POST /v1/tenants/bulk-reactivate': async (api, unique) => {
    const labels = { sample: unique };
    const id = await api.control.active({ labels });
    await api.call('POST', `/v1/tenants/${id}/suspend`, { body: REASON });
    return { path: '/v1/tenants/bulk-reactivate', body: { ...REASON, labels } };
  },
  'PUT /v1/participants/{name}': (_api, unique) =>
    Promise.resolve({
      path: `/v1/participants/${unique}`,
      body: OPTIONAL_PARTICIPANT,
    }),
  'DELETE /v1/participants/{name}': async (api, unique) => {
    const path = `/v1/participants/${unique}`;
    await api.call('PUT', path, { body: OPTIONAL_PARTICIPANT });
    return { path: `${path}?reason=replaced` };
  },
  'POST /v1/clusters': (_api, unique) =>
    Promise.resolve({ path: '/v1/clusters', body: { name: unique, region: 'eu' } }),
  'PATCH /v1/clusters/{name}': async (api, unique) => {
    await api.call('POST', '/v1/clusters', { body: { name: unique, region: 'eu' } });
    return { path: `/v1/clusters/${unique}`, body: { state: 'closed' } };
  },
  'PUT /v1/plans/{plan}': (_api, unique) =>
    Promise.resolve({ path: `/v1/plans/${unique}`, body: { isolations: ['database'] } }),
  'DELETE /v1/plans/{plan}': async (api, unique) => {
    const path = `/v1/plans/${unique}`;
    await api.call('PUT', path, { body: { isolations: ['database'] } });
    return { path };
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
