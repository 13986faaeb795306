import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  HttpClient,
  startSystem,
  testedTransports,
  type ProcessBeside,
  type SystemUnderTest,
} from '@tenantry/testing/servers';
import { waitFor } from '@tenantry/testing';
import { TenantSteps, type Accepted, type Tenant } from './tenant-steps.js';

describe.each(testedTransports())(
  'API, reconciler and relay as processes of their own on %s',
  (transport) => {
    let system: SystemUnderTest;
    let steps: TenantSteps;
    let api: HttpClient;
    let reconciler: ProcessBeside;
    beforeAll(async () => {
      system = await startSystem({ transport, start: ['data-plane'] });
      steps = new TenantSteps(system);
      const { url } = await system.startBeside('control-plane', 'main.api');
      api = new HttpClient(url).withKey(system.apiKey);
      reconciler = await system.startBeside('control-plane', 'main.reconciler');
    }, 120_000);
    afterAll(() => system?.stop());

    const requests = (tenantId: string) =>
      steps.rows(
        'control-plane',
        `SELECT 1 FROM tenantry.tenant_event WHERE tenant_id = $1 AND type = 'tenant.provisioning_requested.v1'`,
        [tenantId],
      );
    const pending = () => steps.rows('control-plane', 'SELECT 1 FROM tenantry.outbox_pending LIMIT 1');
    const create = async (): Promise<string> => {
      const slug = steps.slug();
      const { status, body } = await api.post<Accepted>('/v1/tenants', { slug, name: slug });
      expect(status).toBe(202);
      return body.tenant.id;
    };
    const reachesActive = (id: string) =>
      waitFor(
        `tenant ${id} to be active`,
        async () => (await api.get<Tenant>(`/v1/tenants/${id}`)).body.state === 'ACTIVE',
        45_000,
      );

    it('without a relay what is to be sent waits in the outbox; the relay drains it', async () => {
      const id = await create();
      await waitFor('the request to be enqueued', async () => (await requests(id)).length > 0);
      expect(await pending()).toHaveLength(1);
      expect((await api.get<Tenant>(`/v1/tenants/${id}`)).body.state).toBe('PROVISIONING');
      await system.startBeside('control-plane', 'main.relay');
      await reachesActive(id);
      await waitFor('the outbox to be empty', async () => (await pending()).length === 0);
    }, 90_000);

    it('without a reconciler nothing is asked of a new tenant; main.worker does what both others do', async () => {
      expect((await reconciler.process.stop()).status).toBe(0);
      const id = await create();
      expect((await api.get<Tenant>(`/v1/tenants/${id}`)).body.state).toBe('REQUESTED');
      expect(await requests(id)).toEqual([]);
      const worker = await system.startBeside('control-plane', 'main.worker');
      await reachesActive(id);
      expect((await worker.process.stop()).status).toBe(0);
    }, 90_000);

    it('only the process with the API answers it, and every process the probes', async () => {
      const relay = await system.startBeside('control-plane', 'main.relay');
      const there = new HttpClient(relay.url).withKey(system.apiKey);
      expect((await there.get('/livez')).status).toBe(200);
      expect((await there.get('/v1/tenants')).status).toBe(404);
      expect((await relay.process.stop()).status).toBe(0);
    }, 60_000);
  },
);
