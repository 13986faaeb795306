import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  freePort,
  startKafkaBroker,
  startSystem,
  testedTransports,
  type KafkaBroker,
  type SystemUnderTest,
} from '@tenantry/testing/servers';
import { waitFor } from '@tenantry/testing';
import { TenantSteps, type Tenant } from './tenant-steps.js';

const ALERT_SECONDS = 6;
/** Where nobody listens. */
const NOWHERE = 'postgres://nobody:nothing@127.0.0.1:1/nowhere';

interface Health {
  readonly status: string;
  readonly reports: {
    readonly routes: {
      readonly status: string;
      readonly stalenessSeconds: number;
      readonly complete: boolean;
      readonly tenants: number;
    };
  };
}

describe.each(testedTransports())('with nothing but its own database, on the %s transport,', (transport) => {
  let broker: KafkaBroker | undefined;
  let system: SystemUnderTest;
  let steps: TenantSteps;
  let metricsPort: number;
  let pooled: Tenant;
  let schema: Tenant;
  let suspended: Tenant;

  beforeAll(async () => {
    broker = transport === 'kafka' ? await startKafkaBroker() : undefined;
    metricsPort = await freePort();
    system = await startSystem({
      transport,
      ...(broker && { kafkaBrokers: broker.brokers }),
      env: {
        'data-plane': {
          ROUTE_STALENESS_ALERT: `PT${ALERT_SECONDS}S`,
          METRICS_PORT: String(metricsPort),
        },
      },
    });
    steps = new TenantSteps(system);
    [pooled, schema, suspended] = await Promise.all([
      steps.active('pooled'),
      steps.active('schema'),
      steps.active('schema'),
    ]);
    for (const { id } of [pooled, schema, suspended]) await steps.project(id, 'Made before');
    await steps.suspend(suspended.id);
    await steps.reaches(suspended.id, 'SUSPENDED');
  }, 240_000);

  afterAll(async () => {
    await system?.stop();
    await broker?.remove();
  }, 60_000);

  const health = async (): Promise<Health> => {
    const { status, body } = await system.data.get<Health>('/healthz');
    expect(status).toBe(200);
    return body;
  };

  const metric = async (name: string): Promise<number> => {
    const answer = await fetch(`http://127.0.0.1:${metricsPort}/metrics`, {
      headers: { connection: 'close' },
    });
    const line = (await answer.text()).split('\n').find((one) => one.startsWith(`${name} `));
    return Number(line?.split(' ')[1]);
  };

  /** The processes of the control plane and the bus go; that of the service is started anew and finds neither. */
  const restartInOutage = async (): Promise<void> => {
    await system.shutDown('data-plane');
    await system.start('data-plane', transport === 'embedded' ? { EMBEDDED_TRANSPORT_URL: NOWHERE } : {});
  };

  const servesAsBefore = async (): Promise<void> => {
    for (const { id } of [pooled, schema]) {
      const client = steps.as(id);
      const { status, body } = await client.get<{ data: { name: string }[] }>('/v1/projects');
      expect({ status, names: body.data.map(({ name }) => name) }).toEqual({
        status: 200,
        names: expect.arrayContaining(['Made before']),
      });
      expect((await client.post('/v1/projects', { name: 'Made in the outage' })).status).toBe(201);
    }
    const refused = await steps.as(suspended.id).get<{ code: string }>('/v1/projects');
    expect({ status: refused.status, code: refused.body.code }).toEqual({
      status: 403,
      code: 'tenant-suspended',
    });
    expect((await system.data.get('/readyz')).status).toBe(200);
  };

  it('it is up to date while all is well, and says so', async () => {
    const { reports } = await waitFor('every route to be known', async () => {
      const now = await health();
      return now.status === 'ok' && now.reports.routes.complete && now;
    });
    expect(reports.routes).toMatchObject({ status: 'ok', alertAfterSeconds: ALERT_SECONDS });
    expect(reports.routes.stalenessSeconds).toBeLessThanOrEqual(ALERT_SECONDS);
    expect(await metric('tenantry_route_staleness_alert_seconds')).toBe(ALERT_SECONDS);
    expect(await metric('tenantry_route_tenants')).toBe(reports.routes.tenants);
    expect(await metric('tenantry_route_bootstrap_seconds')).toBeGreaterThanOrEqual(0);
    expect(await metric('tenantry_parked_tenants{group="reference"}')).toBe(0);
  });

  it('it starts and serves, a suspension holds, and how old its routes are is to be seen', async () => {
    await system.kill('control-plane');
    await broker?.kill();
    if (broker) await servesAsBefore();
    await restartInOutage();
    await servesAsBefore();
    const degraded = await waitFor(
      'the age to be seen',
      async () => {
        const now = await health();
        return now.status === 'degraded' && now;
      },
      30_000,
    );
    expect(degraded.reports.routes).toMatchObject({ status: 'degraded', complete: false });
    expect(degraded.reports.routes.tenants).toBeGreaterThanOrEqual(3);
    expect(degraded.reports.routes.stalenessSeconds).toBeGreaterThanOrEqual(ALERT_SECONDS);
    expect(await metric('tenantry_route_staleness_seconds')).toBeGreaterThanOrEqual(ALERT_SECONDS);
    await servesAsBefore();

    // The age is not that of the process: what it begins with is as old as it was.
    await restartInOutage();
    expect((await health()).reports.routes.stalenessSeconds).toBeGreaterThanOrEqual(ALERT_SECONDS);
    await servesAsBefore();
  }, 120_000);

  it('a suspension holds even where the snapshot does not know of it: the fence keeps it', async () => {
    await system.shutDown('data-plane');
    const changed = await steps.rows(
      'data-plane',
      `UPDATE tenantry.route_snapshot SET record = jsonb_set(jsonb_set(jsonb_set(record::jsonb, '{state}', '"ACTIVE"'),
         '{routes,0,access}', '"open"'), '{routes,0,generation}', '1')::json
       WHERE tenant_id = $1 AND record ->> 'state' = 'SUSPENDED' RETURNING tenant_id`,
      [suspended.id],
    );
    expect(changed).toHaveLength(1);
    await system.start('data-plane', transport === 'embedded' ? { EMBEDDED_TRANSPORT_URL: NOWHERE } : {});
    await servesAsBefore();
  }, 60_000);

  it('it catches up when they are back', async () => {
    await broker?.start();
    await system.start('control-plane');
    if (transport === 'embedded') {
      await system.shutDown('data-plane');
      await system.start('data-plane');
    }
    await waitFor(
      'the routes to be up to date',
      async () => {
        const { status, reports } = await health();
        return status === 'ok' && reports.routes.complete;
      },
      60_000,
    );
    await steps.reactivate(suspended.id);
    await steps.reaches(suspended.id, 'ACTIVE', 90_000);
    await steps.project(suspended.id, 'Made afterwards');
  }, 180_000);

  it('one that knows nothing yet learns every route from the channel, without the control plane', async () => {
    await system.shutDown('control-plane');
    await system.shutDown('data-plane');
    await steps.rows('data-plane', 'DELETE FROM tenantry.route_snapshot');
    await steps.rows('data-plane', 'DELETE FROM tenantry.route_confirmation');
    await system.start('data-plane');
    for (const { id } of [pooled, schema, suspended]) await steps.project(id, 'Made by a newcomer');
    await waitFor('the routes to be up to date', async () => {
      const { status, reports } = await health();
      return status === 'ok' && reports.routes.complete;
    });
  }, 90_000);
});
