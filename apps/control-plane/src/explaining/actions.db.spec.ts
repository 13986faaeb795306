import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Role } from '@tenantry/service';
import { ApiHarness } from '../testing/api-harness.js';
import { ACTIONS, type ActionName } from './actions.js';
import type { Explanation } from './explanation.js';

const PARTICIPANTS = ['reference', 'billing'];

/** How each action is asked for, whether or not it is offered. */
const CALLS: Readonly<
  Record<ActionName, (about: Explanation, participant: string) => [string, string, object?]>
> = {
  resume: ({ tenantId }) => ['POST', `/v1/tenants/${tenantId}/resume`, {}],
  pause: ({ tenantId }) => ['POST', `/v1/tenants/${tenantId}/pause`, { reason: 'r' }],
  retry: ({ operation }) => ['POST', `/v1/operations/${operation.id}/retry`, {}],
  cancel: ({ operation }) => ['POST', `/v1/operations/${operation.id}/cancel`, { reason: 'r' }],
  skip: ({ operation }, name) => [
    'POST',
    `/v1/operations/${operation.id}/tasks/${name}/skip`,
    { reason: 'r' },
  ],
  attest: ({ operation }, name) => [
    'POST',
    `/v1/operations/${operation.id}/tasks/${name}/attest`,
    { reason: 'r' },
  ],
  suspend: ({ tenantId }) => ['POST', `/v1/tenants/${tenantId}/suspend`, { reason: 'r' }],
  reactivate: ({ tenantId }) => ['POST', `/v1/tenants/${tenantId}/reactivate`, { reason: 'r' }],
  delete: ({ tenantId }) => ['DELETE', `/v1/tenants/${tenantId}`],
  cancel_deletion: ({ tenantId }) => ['DELETE', `/v1/tenants/${tenantId}/deletion`],
  move_deletion: ({ tenantId }) => ['PATCH', `/v1/tenants/${tenantId}/deletion`, { gracePeriod: 'P9D' }],
  place_legal_hold: ({ tenantId }) => ['PUT', `/v1/tenants/${tenantId}/legal-hold`, { reason: 'r' }],
  release_legal_hold: ({ tenantId }) => ['DELETE', `/v1/tenants/${tenantId}/legal-hold`],
};
const OF_A_TASK: readonly ActionName[] = ['skip', 'attest'];

/** Every action there is, for every participant. */
const EVERYTHING: readonly (readonly [ActionName, string | null])[] = ACTIONS.flatMap((action) =>
  OF_A_TASK.includes(action)
    ? PARTICIPANTS.map((name): [ActionName, string | null] => [action, name])
    : [[action, null] as [ActionName, string | null]],
);

describe('what an explanation offers', () => {
  let api: ApiHarness;
  let id: string;
  const told = new Set<string>();
  const keys: Partial<Record<Role, string>> = {};
  beforeAll(async () => {
    api = await ApiHarness.start(PARTICIPANTS);
    await api.control.rows(`UPDATE tenantry.participant SET backfill_ended_at = tenantry.now()`);
    for (const role of ['viewer', 'operator', 'admin'] as const) keys[role] = await api.keyFor(role);
    id = (await api.control.create()).tenant.id;
  });
  afterAll(() => api.stop());

  async function explain(): Promise<Explanation> {
    return (await api.call<Explanation>('GET', `/v1/tenants/${id}/explain`)).body;
  }

  /** Asks for everything there is without doing it, and compares that with what is offered. */
  async function agrees(state: string): Promise<void> {
    const explanation = await explain();
    expect(explanation.state).toBe(state);
    const offered = explanation.actions.map(({ action, participant }) => `${action} ${participant ?? ''}`);
    const accepted: string[] = [];
    for (const [action, participant] of EVERYTHING) {
      const [method, path, body] = CALLS[action](explanation, participant ?? '');
      const headers = { 'if-match': `"${explanation.version}"` };
      const { status } = await api.call(method, `${path}?dryRun=true`, { body, headers });
      expect([200, 404, 409, 422]).toContain(status);
      if (status === 200) accepted.push(`${action} ${participant ?? ''}`);
    }
    expect(offered.sort()).toEqual(accepted.sort());
    for (const { action, method, href, role, fields } of explanation.actions) {
      const [expectedMethod, path] = CALLS[action](
        explanation,
        explanation.actions.find((each) => each.href === href)?.participant ?? '',
      );
      expect([method, href]).toEqual([expectedMethod, path]);
      expect(
        fields.every(
          ({ required, name }) => !required || ['reason', 'gracePeriod', 'If-Match'].includes(name),
        ),
      ).toBe(true);
      // The role that is told of is enough, and no less is.
      const body = method === 'DELETE' ? undefined : CALLS[action](explanation, '')[2];
      const headers = { 'if-match': `"${explanation.version}"` };
      const query = fields.some((field) => field.in === 'query' && field.required) ? 'reason=r&' : '';
      const roles: Role[] = role === 'admin' ? ['operator', 'admin'] : ['viewer', 'operator'];
      const statuses = await Promise.all(
        roles.map(async (each) => {
          const call = { key: keys[each] ?? '', headers, ...(body && { body }) };
          return (await api.call(method, `${href}?${query}dryRun=true`, call)).status;
        }),
      );
      expect([action, ...statuses]).toEqual([action, 403, 200]);
      told.add(action);
    }
  }

  /** Does something that is offered, by what is offered. */
  async function take(action: ActionName, participant: string | null = null): Promise<void> {
    const explanation = await explain();
    const offer = explanation.actions.find(
      (each) => each.action === action && each.participant === participant,
    );
    if (!offer) throw new Error(`${action} is not offered`);
    const values: Record<string, string> = {
      reason: 'r',
      gracePeriod: 'P2D',
      'If-Match': `"${explanation.version}"`,
    };
    const filled = (part: string): Record<string, string> =>
      Object.fromEntries(
        offer.fields
          .filter((field) => field.in === part && field.required)
          .map(({ name }) => [name, values[name] ?? '']),
      );
    const query = new URLSearchParams(filled('query')).toString();
    const { status } = await api.call(offer.method, `${offer.href}${query && `?${query}`}`, {
      key: keys[offer.role] ?? '',
      headers: filled('header'),
      ...(offer.method !== 'DELETE' && { body: filled('body') }),
    });
    expect([200, 202]).toContain(status);
  }

  async function acknowledge(...names: string[]): Promise<void> {
    await api.control.reconcile(id);
    for (const name of names) await api.control.acknowledge(id, {}, name);
    await api.control.reconcile(id);
  }

  it('is what the API accepts, and nothing else, in every state', async () => {
    const { control } = api;
    await agrees('REQUESTED');
    await control.reconcile(id);
    await agrees('PROVISIONING');
    await control.acknowledge(id, { outcome: 'failed', retryable: false, error: 'no such plan' }, 'billing');
    await control.reconcile(id);
    await agrees('PROVISIONING');
    await take('retry');
    await agrees('PROVISIONING');
    await take('skip', 'billing');
    await agrees('PROVISIONING');
    await acknowledge('reference');
    await agrees('ACTIVE');
    await take('suspend');
    await agrees('SUSPENDING');
    await take('cancel');
    await agrees('REACTIVATING');
    await acknowledge(...PARTICIPANTS);
    await agrees('ACTIVE');
    await take('suspend');
    await acknowledge(...PARTICIPANTS);
    await agrees('SUSPENDED');
    await take('pause');
    await agrees('SUSPENDED');
    await take('reactivate');
    await agrees('REACTIVATING');
    await take('resume');
    await take('place_legal_hold');
    await agrees('REACTIVATING');
    await take('delete');
    await agrees('DELETION_SCHEDULED');
    await take('cancel_deletion');
    await agrees('REACTIVATING');
    await acknowledge('reference');
    await take('delete');
    await acknowledge(...PARTICIPANTS);
    await agrees('DELETION_SCHEDULED');
    await take('move_deletion');
    await agrees('DELETION_SCHEDULED');
    await control.moveClock('3 days');
    await control.reconcile(id);
    await agrees('DELETION_SCHEDULED');
    await take('release_legal_hold');
    await control.reconcile(id);
    await control.reconcile(id);
    await agrees('PURGING');
    await take('attest', 'billing');
    await agrees('PURGING');
    await acknowledge('reference');
    await agrees('PURGED');
    expect([...told].sort()).toEqual([...ACTIONS].sort());
  }, 180_000);
});
