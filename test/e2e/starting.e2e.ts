import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  networkLink,
  startSystem,
  testedTransports,
  type AppName,
  type GuardedProcess,
  type NetworkLink,
  type SystemUnderTest,
} from '@tenantry/testing/servers';
import { waitFor } from '@tenantry/testing';
import { Client } from 'pg';
import { TenantSteps } from './tenant-steps.js';

const APPS: readonly AppName[] = ['control-plane', 'data-plane', 'verifier'];
/** Until a process that was just launched says something: beside other suites it has a fraction of a processor to load its modules. */
const BEGINNING_MS = 60_000;

/** What `/readyz` and `/healthz` answer, as far as it is looked at here. */
interface Probe {
  readonly code?: string;
  readonly detail?: string;
  readonly checks?: Readonly<Record<string, string>>;
  readonly reports?: Readonly<Record<string, { readonly status: string; readonly waitingFor?: string }>>;
}

// On Kafka where there is a broker: it lacks the database and the broker, the embedded transport only the former.
describe.each(testedTransports().slice(-1))(
  'started before what they need, on the %s transport,',
  (transport) => {
    let system: SystemUnderTest;
    let steps: TenantSteps;
    let toPostgres: NetworkLink;
    let toKafka: NetworkLink | undefined;
    beforeAll(async () => {
      toPostgres = await networkLink(portOf(new URL(process.env['TEST_DATABASE_URL'] ?? '').host, 5432));
      const [broker = ''] = (process.env['KAFKA_BROKERS'] ?? '').split(',');
      if (transport === 'kafka') toKafka = await networkLink(portOf(broker, 9092));
      system = await startSystem({ transport, start: [] });
      steps = new TenantSteps(system);
    }, 120_000);
    afterAll(async () => {
      await system?.stop();
      await toPostgres?.close();
      await toKafka?.close();
    });

    const probe = async (app: AppName, path: string) => {
      const answer = await fetch(new URL(path, system.baseUrls[app]), { headers: { connection: 'close' } });
      return { status: answer.status, body: (await answer.json()) as Probe };
    };
    const launch = (app: AppName): Promise<GuardedProcess> =>
      system.launch(app, {
        ...through(
          system.serveEnvironment[app],
          portOf(new URL(system.adminUrls[app]).host, 5432),
          toPostgres,
        ),
        ...(toKafka && { KAFKA_BROKERS: `127.0.0.1:${toKafka.port}` }),
      });
    const inControlPlane = async (sql: string): Promise<void> => {
      const client = new Client({ connectionString: system.adminUrls['control-plane'] });
      await client.connect();
      await client.query(sql).finally(() => client.end());
    };

    it('all wait for the database, say so, and go on by themselves; the API needs no broker', async () => {
      toPostgres.cut();
      toKafka?.cut();
      await Promise.all(APPS.map((app) => launch(app)));
      for (const app of APPS) {
        await waitFor(
          `${app} to say what it waits for`,
          () =>
            system
              .logs(app)
              .some((line) => line.includes('"the start waits"') && line.includes('"waitingFor":"database"')),
          BEGINNING_MS,
        );
        expect((await probe(app, '/livez')).status).toBe(200);
        const { status, body } = await probe(app, '/readyz');
        expect(status).toBe(503);
        expect(body).toMatchObject({
          code: 'not-ready',
          checks: { database: 'down', migrations: 'unknown' },
        });
      }
      toPostgres.heal();
      for (const app of APPS)
        await waitFor(`${app} to be ready`, async () => (await probe(app, '/readyz')).status === 200, 60_000);
      const { tenant } = await steps.create();
      if (toKafka) {
        await waitFor('the control plane to say that it waits for the bus', async () => {
          const { body } = await probe('control-plane', '/healthz');
          return body.reports?.['bus']?.waitingFor === 'prepare topics';
        });
        expect(system.logs('control-plane').join()).toContain('the bus is not reachable yet');
        toKafka.heal();
      }
      await steps.reaches(tenant.id, 'ACTIVE');
      expect((await probe('control-plane', '/healthz')).body.reports?.['bus']).toEqual({ status: 'ok' });
      await system.shutDown('control-plane');
    }, 180_000);

    it('the control plane waits for its migrations, and ends with 78 where it is too old for them', async () => {
      const [name, release] = ['control-plane-0001-initial-schema', 'tenantry.migration_release'];
      await inControlPlane(`UPDATE tenantry.migration SET name = 'away' WHERE name = '${name}';
      INSERT INTO ${release} VALUES ('away', '0.1.0')`);
      const waiting = await launch('control-plane');
      await waitFor(
        'it to wait for the migrations',
        async () => {
          const { body } = await probe('control-plane', '/readyz');
          return body.checks?.['migrations'] === 'down' && body.detail === 'The start waits for: migrations.';
        },
        BEGINNING_MS,
      );
      await inControlPlane(`UPDATE tenantry.migration SET name = '${name}' WHERE name = 'away'`);
      await waitFor(
        'it to be ready',
        async () => (await probe('control-plane', '/readyz')).status === 200,
        BEGINNING_MS,
      );
      expect((await waiting.stop()).status).toBe(0);
      await inControlPlane(`INSERT INTO tenantry.migration VALUES ('control-plane-9999-later', 'x');
      INSERT INTO ${release} VALUES ('control-plane-9999-later', '9.0.0')`);
      const tooOld = await launch('control-plane');
      expect((await tooOld.ended).status).toBe(78);
      const fatal = system.logs('control-plane').filter((line) => line.includes('"start failed"'));
      expect(fatal.join()).toContain('control-plane-9999-later. Start version 9.0.0 or newer');
      await expect(system.migrate('control-plane')).rejects.toThrow(/Start version 9.0.0 or newer/);
    }, 180_000);

    it('a process that still waits ends at once when it is told to', async () => {
      toPostgres.cut();
      await system.shutDown('verifier');
      const waiting = await launch('verifier');
      await waitFor(
        'it to answer',
        async () => (await probe('verifier', '/livez')).status === 200,
        BEGINNING_MS,
      );
      expect((await waiting.stop()).status).toBe(0);
      toPostgres.heal();
    }, 120_000);
  },
);

function portOf(host: string, usual: number): number {
  return Number(host.split(':')[1] ?? usual);
}

/** The same variables, with the link where the server's own address was. */
function through(
  variables: Readonly<Record<string, string>>,
  port: number,
  link: NetworkLink,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      value.replaceAll(new RegExp(`(127\\.0\\.0\\.1|localhost):${port}\\b`, 'g'), `127.0.0.1:${link.port}`),
    ]),
  );
}
