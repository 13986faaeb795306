import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSystem, testedTransports, type SystemUnderTest } from '@tenantry/testing/servers';
import { waitFor } from '@tenantry/testing';
import { setTimeout as delay } from 'node:timers/promises';
import { TenantSteps } from './tenant-steps.js';

/** When to cancel, in milliseconds from the deadline: the first surely before it, the last surely after the purge has begun. */
const OFFSETS_MS = [-500, -100, 0, 50, 100, 300, 1000, 5000];

describe.each(testedTransports())('races on the %s transport', (transport) => {
  let system: SystemUnderTest;
  let steps: TenantSteps;
  beforeAll(async () => {
    system = await startSystem({ transport });
    steps = new TenantSteps(system);
  }, 120_000);
  afterAll(() => system?.stop());

  it('at the last moment of the grace period, cancelling or purging wins, and the data agrees', async () => {
    const tenants = await Promise.all(OFFSETS_MS.map(() => steps.active()));
    const projects = new Map<string, string>();
    for (const { id } of tenants) projects.set(id, await steps.project(id));
    const outcomes = await Promise.all(
      tenants.map(async (tenant, index) => {
        const { body } = await steps.delete(tenant, 'PT2S');
        const purgeAfter = Date.parse(
          (body.tenant as unknown as { deletion: { purgeAfter: string } }).deletion.purgeAfter,
        );
        // The wait is the scenario, not a synchronisation.
        await delay(purgeAfter - Date.now() + (OFFSETS_MS[index] ?? 0));
        return { tenant, cancelled: await steps.cancelDeletion(tenant.id) };
      }),
    );
    expect(outcomes.at(0)?.cancelled.status).toBe(202);
    expect(outcomes.at(-1)?.cancelled.status).toBe(409);
    for (const { tenant, cancelled } of outcomes) {
      expect([202, 409]).toContain(cancelled.status);
      if (cancelled.status === 202) {
        await steps.reaches(tenant.id, 'ACTIVE');
        const client = await steps.admitted(tenant.id);
        expect((await client.get(`/v1/projects/${projects.get(tenant.id)}`)).status).toBe(200);
      } else {
        await steps.reaches(tenant.id, 'PURGED');
        expect(
          await steps.rows('data-plane', 'SELECT 1 FROM pooled_primary.project WHERE tenant_id = $1', [
            tenant.id,
          ]),
        ).toEqual([]);
      }
    }
  }, 120_000);

  it('writers racing with a suspension leave nothing behind it', async () => {
    const tenant = await steps.active();
    const client = await steps.admitted(tenant.id);
    let refused = false;
    const writers = Array.from({ length: 6 }, async (_, writer) => {
      for (let n = 0; !refused; n += 1) {
        const { status } = await client.post('/v1/projects', { name: `${writer}-${n}` });
        if (status === 403) refused = true;
        else expect([201, 503]).toContain(status);
      }
    });
    await waitFor(
      'some writes',
      async () =>
        (
          await steps.rows('data-plane', 'SELECT 1 FROM pooled_primary.project WHERE tenant_id = $1', [
            tenant.id,
          ])
        ).length > 5,
    );
    await steps.suspend(tenant.id);
    await steps.reaches(tenant.id, 'SUSPENDED');
    const count = async (): Promise<number> =>
      (
        await steps.rows('data-plane', 'SELECT 1 FROM pooled_primary.project WHERE tenant_id = $1', [
          tenant.id,
        ])
      ).length;
    const atSuspension = await count();
    await Promise.all(writers);
    expect(await count()).toBe(atSuspension);
  }, 60_000);

  it('a suspended tenant’s open route cache cannot write', async () => {
    const tenant = await steps.active();
    const client = await steps.admitted(tenant.id);
    // Another process has closed the fence; this one has not heard of it, and its cached route still says open.
    const [{ generation }] = (await steps.rows<{ generation: string }>(
      'data-plane',
      'SELECT generation FROM tenantry.fence WHERE tenant_id = $1',
      [tenant.id],
    )) as [{ generation: string }];
    await steps.rows(
      'data-plane',
      `UPDATE tenantry.fence SET access = 'frozen', generation = generation + 1 WHERE tenant_id = $1`,
      [tenant.id],
    );
    expect(
      (await system.control.get<{ routes: { access: string }[] }>(`/v1/routes/${tenant.id}`)).body.routes[0]
        ?.access,
    ).toBe('open');
    const written = await client.post<{ code: string }>('/v1/projects', { name: 'Too late' });
    expect([written.status, written.body.code]).toEqual([403, 'tenant-suspended']);
    expect(Number(generation)).toBe(1);
    expect(
      await steps.rows('data-plane', 'SELECT 1 FROM pooled_primary.project WHERE tenant_id = $1', [
        tenant.id,
      ]),
    ).toEqual([]);
  });
});
