import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSystem, testedTransports, type SystemUnderTest } from '@tenantry/testing/servers';
import { waitFor } from '@tenantry/testing';
import { TenantSteps } from './tenant-steps.js';

describe.each(testedTransports())('a kill -9 on the %s transport', (transport) => {
  let system: SystemUnderTest;
  let steps: TenantSteps;
  beforeAll(async () => {
    const env = { 'control-plane': { REQUEST_BACKOFF_BASE_MS: '1000', REQUEST_BACKOFF_MAX_MS: '2000' } };
    system = await startSystem({ transport, env });
    steps = new TenantSteps(system);
  }, 120_000);
  afterAll(() => system?.stop());

  /** How often a fact of this type is in the tenant's history. */
  async function facts(tenantId: string, type: string): Promise<number> {
    return (
      await steps.rows(
        'control-plane',
        'SELECT 1 FROM tenantry.tenant_event WHERE tenant_id = $1 AND type = $2',
        [tenantId, type],
      )
    ).length;
  }

  it('of the relay between sending and deleting has one effect', async () => {
    const project = await steps.active();
    await system.shutDown('control-plane');
    await system.start('control-plane', { TENANTRY_CRASH_AT: 'relay.after-send' });
    // The crash may come before the answer does: the key makes the request safe to send again.
    const slug = steps.slug();
    const create = () =>
      system.control.post<{ tenant: { id: string } }>(
        '/v1/tenants',
        { slug, name: slug, isolation: 'schema' },
        { headers: { 'idempotency-key': slug } },
      );
    await create().catch(() => undefined);
    expect(await system.ended('control-plane')).not.toBe(0);
    // What was sent is still in the outbox, so it is sent again.
    expect(
      (await steps.rows('control-plane', 'SELECT 1 FROM tenantry.outbox_pending')).length,
    ).toBeGreaterThan(0);
    await system.start('control-plane');
    const again = await waitFor('the request to be answered', async () => {
      const answer = await create();
      return answer.status === 202 && answer;
    });
    const { id } = again.body.tenant;
    await steps.reaches(id, 'ACTIVE');
    expect(await facts(id, 'tenant.provisioned.v1')).toBe(1);
    expect(
      await steps.rows('data-plane', 'SELECT 1 FROM tenantry.provisioned WHERE tenant_id = $1', [id]),
    ).toHaveLength(1);
    await waitFor(
      'the outbox to be empty',
      async () =>
        (await steps.rows('control-plane', 'SELECT 1 FROM tenantry.outbox_pending LIMIT 1')).length === 0,
    );
    expect((await steps.read(project.id)).state).toBe('ACTIVE');
  }, 120_000);

  it('of the data plane between effect and acknowledgement has one effect', async () => {
    await system.shutDown('data-plane');
    await system.start('data-plane', { TENANTRY_CRASH_AT: 'participant.after-effect' });
    const { tenant, operation } = await steps.create('schema');
    expect(await system.ended('data-plane')).not.toBe(0);
    // The effect is there, the acknowledgement is not.
    expect(
      await steps.rows('data-plane', 'SELECT 1 FROM tenantry.provisioned WHERE tenant_id = $1', [tenant.id]),
    ).toHaveLength(1);
    expect((await steps.read(tenant.id)).state).toBe('PROVISIONING');
    await system.start('data-plane');
    await steps.reaches(tenant.id, 'ACTIVE');
    expect((await steps.operation(operation.id)).tasks).toEqual([
      expect.objectContaining({ state: 'succeeded' }),
    ]);
    const client = await steps.admitted(tenant.id);
    const { body: roles } = await client.get<{ data: unknown[] }>('/v1/roles');
    expect(roles.data).toHaveLength(4);
    expect(await facts(tenant.id, 'tenant.provisioned.v1')).toBe(1);
  }, 120_000);

  it('of the data plane in the middle of a purge leaves nothing behind in the end', async () => {
    const tenant = await steps.active('schema');
    await steps.project(tenant.id);
    await system.shutDown('data-plane');
    await steps.delete(tenant, 'PT0S');
    await system.launch('data-plane', { TENANTRY_CRASH_AT: 'kit.purge.rows' });
    expect(await system.ended('data-plane')).not.toBe(0);
    expect((await steps.read(tenant.id)).state).toBe('PURGING');
    await system.start('data-plane');
    await steps.reaches(tenant.id, 'PURGED');
    const left = await steps.rows('data-plane', 'SELECT nspname FROM pg_namespace WHERE nspname LIKE $1', [
      `t_${tenant.id.replaceAll('-', '')}%`,
    ]);
    expect(left).toEqual([]);
    expect(await facts(tenant.id, 'tenant.purged.v1')).toBe(1);
  }, 120_000);
});
