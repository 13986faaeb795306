import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tenantry/testing';
import {
  HttpClient,
  startSystem,
  testedTransports,
  type ProcessBeside,
  type SystemUnderTest,
} from '@tenantry/testing/servers';
import { readTopic } from '../chaos/reader/read-topic.ts';
import { TenantSteps, type Accepted } from './tenant-steps.js';

const PREFIX = 'crash-points';

/**
 * Which process ends itself where, on the way of a request from the API to its acknowledgement. What a relay sends first of a new
 * tenant is its state record alone, so it ends at the second time.
 */
const POINTS = [
  ['the insert', 'main.api', 'unit-of-work.before-commit'],
  ['the commit', 'main.api', 'unit-of-work.after-commit'],
  ['reading what is to be sent', 'main.relay', 'relay.before-send:2'],
  ['the send', 'main.relay', 'relay.after-send:2'],
  ['the delete', 'main.relay', 'relay.after-delete:2'],
  ['the insert into the inbox', 'data-plane', 'consumer.before-commit'],
  ['the commit of the inbox', 'data-plane', 'consumer.after-commit'],
  ['the effect', 'data-plane', 'participant.after-effect'],
  ['the commit of the answer', 'data-plane', 'participant.after-answer'],
  ['the acknowledgement', 'data-plane', 'participant.after-acknowledgement'],
] as const;

describe.each(testedTransports())('a crash at each point on the %s transport', (transport) => {
  let system: SystemUnderTest;
  let steps: TenantSteps;
  const beside = new Map<string, ProcessBeside>();

  beforeAll(async () => {
    const env = {
      KAFKA_TOPIC_PREFIX: `${PREFIX}-${process.pid}`,
      REQUEST_BACKOFF_BASE_MS: '1000',
      REQUEST_BACKOFF_MAX_MS: '2000',
    };
    system = await startSystem({
      transport,
      env: { 'control-plane': env, 'data-plane': env },
      start: ['data-plane'],
    });
    steps = new TenantSteps(system);
    for (const entry of ['main.api', 'main.relay', 'main.reconciler']) await start(entry);
  }, 180_000);
  afterAll(() => system?.stop());

  async function start(entry: string, crashAt = ''): Promise<ProcessBeside> {
    const process = await system.startBeside('control-plane', entry, { TENANTRY_CRASH_AT: crashAt });
    beside.set(entry, process);
    return process;
  }

  const api = (): HttpClient => {
    const process = beside.get('main.api');
    if (!process) throw new Error('the API is not running');
    return new HttpClient(process.url).withKey(system.apiKey);
  };

  /** Asks for a tenant; with the same slug again it is the same request. */
  const create = (slug: string) =>
    api().post<Accepted>('/v1/tenants', { slug, name: slug }, { headers: { 'idempotency-key': slug } });

  /** Asks until there is an answer, and waits for the tenant. */
  const becomesActive = (slug: string): Promise<string> =>
    waitFor(
      `${slug} to be ACTIVE`,
      async () => {
        const { status, body } = await create(slug);
        if (status !== 202) return false;
        const { id } = body.tenant;
        const tenant = await api().get<{ state: string }>(`/v1/tenants/${id}`);
        return tenant.body.state === 'ACTIVE' && id;
      },
      60_000,
    );

  it.each(POINTS)(
    'at %s leaves nothing that is not finished afterwards',
    async (_what, entry, point) => {
      const slug = steps.slug();
      if (entry === 'data-plane') {
        await system.shutDown('data-plane');
        await create(slug);
        const armed = await system.launch('data-plane', { TENANTRY_CRASH_AT: point });
        expect((await armed.ended).status).not.toBe(0);
        await system.start('data-plane');
      } else {
        await beside.get(entry)?.process.stop();
        const armed = await start(entry, point);
        await create(slug).catch(() => undefined);
        expect((await armed.process.ended).status).not.toBe(0);
        await start(entry);
      }
      const id = await becomesActive(slug);
      const rows = await steps.rows('control-plane', 'SELECT id FROM tenantry.tenant WHERE slug = $1', [
        slug,
      ]);
      expect(rows).toEqual([{ id }]);
      expect(
        await steps.rows('data-plane', 'SELECT 1 FROM tenantry.provisioned WHERE tenant_id = $1', [id]),
      ).toHaveLength(1);
    },
    120_000,
  );

  it('has lost nothing, doubled nothing and turned nothing round, as whoever was not involved counts', async () => {
    const history = await steps.rows<{
      tenant_id: string;
      tenant_seq: string;
      event_id: string;
      type: string;
    }>(
      'control-plane',
      'SELECT tenant_id, tenant_seq, event_id, type FROM tenantry.tenant_event ORDER BY tenant_id, tenant_seq',
    );
    const tenants = Map.groupBy(history, (event) => event.tenant_id);
    expect(tenants.size).toBe(POINTS.length);
    for (const events of tenants.values()) {
      expect(events.map((event) => Number(event.tenant_seq))).toEqual(
        events.map((_event, index) => index + 1),
      );
      expect(events.filter(({ type }) => type === 'tenant.provisioned.v1')).toHaveLength(1);
    }
    await waitFor(
      'the data plane to have seen each tenant to its end',
      async () => {
        const positions = await steps.rows<{ tenant_id: string; last_seq: string }>(
          'data-plane',
          'SELECT tenant_id, last_seq FROM tenantry.consumer_position',
        );
        return [...tenants].every(([tenantId, events]) =>
          positions.some((one) => one.tenant_id === tenantId && Number(one.last_seq) === events.length),
        );
      },
      40_000,
    );
    await waitFor(
      'the outbox to be empty',
      async () => (await steps.rows('control-plane', 'SELECT 1 FROM tenantry.outbox_pending')).length === 0,
    );
    if (transport !== 'kafka') return;

    const topic = `${PREFIX}-${process.pid}.tenant.lifecycle.v1`;
    const sent = await readTopic((process.env['KAFKA_BROKERS'] ?? '').split(',')[0] ?? '', topic);
    for (const [tenantId, events] of tenants) {
      const ofTenant = sent.filter(({ tenant }) => tenant === tenantId);
      // Whatever was sent twice is the same event, and came first in its place.
      const first = [...new Map(ofTenant.map(({ seq, id }) => [seq, id])).entries()];
      expect(first).toEqual(events.map((event) => [Number(event.tenant_seq), event.event_id]));
      expect(new Set(ofTenant.map(({ id }) => id)).size).toBe(events.length);
    }
  }, 60_000);
});
