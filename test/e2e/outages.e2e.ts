import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSystem, testedTransports, type SystemUnderTest } from '@tenantry/testing/servers';
import { waitFor } from '@tenantry/testing';
import { TenantSteps } from './tenant-steps.js';

describe.each(testedTransports())('with the data plane down, on the %s transport,', (transport) => {
  let system: SystemUnderTest;
  let steps: TenantSteps;
  beforeAll(async () => {
    const env = { 'control-plane': { REQUEST_BACKOFF_BASE_MS: '500', REQUEST_BACKOFF_MAX_MS: '2000' } };
    system = await startSystem({ transport, env, start: ['control-plane'] });
    steps = new TenantSteps(system);
  }, 120_000);
  afterAll(() => system?.stop());

  it('a tenant waits in PROVISIONING and becomes ACTIVE when the service comes', async () => {
    const { tenant, operation } = await steps.create('schema');
    await steps.reaches(tenant.id, 'PROVISIONING');
    await waitFor(
      'the request to be published again',
      async () => ((await steps.operation(operation.id)).tasks[0]?.attempts ?? 0) >= 2,
    );
    expect((await steps.read(tenant.id)).state).toBe('PROVISIONING');
    await system.start('data-plane');
    await steps.reaches(tenant.id, 'ACTIVE');
    await steps.project(tenant.id);
    // However often it was asked: one schema, one set of roles.
    expect(
      await steps.rows('data-plane', 'SELECT 1 FROM tenantry.provisioned WHERE tenant_id = $1', [tenant.id]),
    ).toHaveLength(1);
    await system.shutDown('data-plane');
  }, 90_000);

  it('a suspension passes a provisioning that waits for the dead service', async () => {
    const { tenant, operation } = await steps.create('schema');
    await steps.reaches(tenant.id, 'PROVISIONING');
    const suspended = await steps.suspend(tenant.id);
    expect(suspended.tenant.state).toBe('SUSPENDING');
    expect((await steps.operation(operation.id)).state).toBe('superseded');
    await system.start('data-plane');
    await steps.reaches(tenant.id, 'SUSPENDED');
    expect([403, 404]).toContain((await steps.as(tenant.id).get('/v1/projects')).status);
    await steps.reactivate(tenant.id);
    await steps.reaches(tenant.id, 'ACTIVE');
    await steps.project(tenant.id);
    await system.shutDown('data-plane');
  }, 90_000);

  it('an orderly stop of either process exits with 0 and loses nothing', async () => {
    await system.start('data-plane');
    const { tenant } = await steps.create();
    expect(await system.shutDown('control-plane')).toBe(0);
    expect(await system.shutDown('data-plane')).toBe(0);
    await Promise.all([system.start('control-plane'), system.start('data-plane')]);
    await steps.reaches(tenant.id, 'ACTIVE');
  }, 90_000);
});
