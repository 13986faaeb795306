import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSystem, testedTransports, type AppName, type SystemUnderTest } from '@tenantry/testing/servers';
import { waitFor } from '@tenantry/testing';
import { Client } from 'pg';
import { TenantSteps } from './tenant-steps.js';

/** What a control plane ends with that is started on a restored database. */
const RESTORED = 79;

const APPS: readonly AppName[] = ['control-plane', 'data-plane', 'verifier'];

interface Health {
  readonly status: string;
  readonly reports: Readonly<Record<string, { readonly status: string; readonly epoch?: number }>>;
}

describe.each(testedTransports())(
  'the control plane’s database restored to an earlier point, on %s',
  (transport) => {
    let system: SystemUnderTest;
    let steps: TenantSteps;
    beforeAll(async () => {
      system = await startSystem({ transport });
      steps = new TenantSteps(system);
    }, 180_000);
    afterAll(async () => {
      await onServer(`DROP DATABASE IF EXISTS ${backup()}`);
      await system?.stop();
    }, 60_000);

    const control = () => new URL(system.adminUrls['control-plane']).pathname.slice(1);
    const backup = () => `${control()}_backup`;
    async function onServer(...statements: string[]): Promise<void> {
      const url = new URL(system.adminUrls['control-plane']);
      url.pathname = '/postgres';
      const client = new Client({ connectionString: url.href });
      await client.connect();
      for (const statement of statements) await client.query(statement);
      await client.end();
    }
    /** Copying a database needs that nobody is in it. */
    async function whileDown(work: () => Promise<void>): Promise<void> {
      await Promise.all(APPS.map((app) => system.shutDown(app)));
      await work();
    }
    const startAll = () => Promise.all(APPS.map((app) => system.start(app)));
    /** Starts the control plane, which refuses, and answers what it says. */
    async function refusal(): Promise<string | undefined> {
      const before = system.logs('control-plane').length;
      const { status } = await (await system.launch('control-plane')).ended;
      expect(status).toBe(RESTORED);
      return system
        .logs('control-plane')
        .slice(before)
        .find((line) => line.includes('start failed'));
    }
    /** Makes the copy look like the database itself, as one does whose volume was taken back to an earlier snapshot. */
    const disguise = () =>
      steps.rows(
        'control-plane',
        `UPDATE tenantry.database_identity SET written_by = pg_current_xact_id(),
           database_oid = (SELECT oid::bigint FROM pg_database WHERE datname = current_database())`,
      );
    const served = async (id: string) => (await steps.as(id).get('/v1/projects')).status;
    const isServed = (id: string, status: number) =>
      waitFor(
        `the data plane to answer ${status} for ${id}`,
        async () => (await served(id)) === status,
        45_000,
      );
    const health = async () => (await system.control.get<Health>('/healthz')).body;

    it('goes on: the epoch command is required, and suspensions after it are obeyed', async () => {
      const kept = await steps.active();
      const lostSuspension = await steps.active('schema');
      const lostReactivation = await steps.active();
      await steps.suspend(lostReactivation.id);
      await steps.reaches(lostReactivation.id, 'SUSPENDED');
      await whileDown(() => onServer(`CREATE DATABASE ${backup()} TEMPLATE ${control()}`));
      await startAll();

      for (let round = 0; round < 2; round += 1) {
        await steps.suspend(kept.id);
        await steps.reaches(kept.id, 'SUSPENDED');
        await steps.reactivate(kept.id);
        await steps.reaches(kept.id, 'ACTIVE');
      }
      await steps.suspend(lostSuspension.id);
      await steps.reaches(lostSuspension.id, 'SUSPENDED');
      await steps.reactivate(lostReactivation.id);
      await steps.reaches(lostReactivation.id, 'ACTIVE');
      await isServed(kept.id, 200);
      await isServed(lostReactivation.id, 200);
      await whileDown(async () => {
        await onServer(`DROP DATABASE ${control()}`, `CREATE DATABASE ${control()} TEMPLATE ${backup()}`);
        await system.migrate('control-plane');
      });
      expect(await refusal()).toContain('main.migrate --raise-epoch');
      await disguise();
      await startAll();

      // Without the command nobody obeys: whatever is sent counts as old.
      expect((await steps.suspend(kept.id)).tenant.state).toBe('SUSPENDING');
      if (transport === 'kafka') {
        await waitFor(
          'the restore to be seen',
          async () => (await health()).reports['epoch']?.status === 'degraded',
          30_000,
        );
        expect((await system.control.get('/readyz')).status).toBe(200);
        await waitFor('the log to name the command', () =>
          system.logs('control-plane').some((line) => line.includes('--raise-epoch')),
        );
      } else {
        await waitFor(
          'the data plane to have passed what it was asked',
          async () =>
            (
              await steps.rows(
                'control-plane',
                `SELECT FROM tenantry.position WHERE tenant_id = $1 AND last_seq = head_seq
               AND head_seq = (SELECT tenant_seq FROM tenantry.tenant WHERE id = $1)`,
                [kept.id],
              )
            ).length > 0,
        );
      }
      expect((await steps.read(kept.id)).state).toBe('SUSPENDING');
      expect(await served(kept.id)).toBe(200);

      await system.shutDown('control-plane');
      if (transport === 'kafka') expect(await refusal()).toContain('main.migrate --raise-epoch');
      await system.migrate('control-plane', ['--raise-epoch']);
      await system.start('control-plane');

      expect((await health()).reports['epoch']).toEqual({ status: 'ok', epoch: 1 });
      await steps.reaches(kept.id, 'SUSPENDED');
      await steps.reaches(lostSuspension.id, 'ACTIVE');
      await steps.reaches(lostReactivation.id, 'SUSPENDED');
      await isServed(kept.id, 403);
      await isServed(lostSuspension.id, 200);
      await isServed(lostReactivation.id, 403);

      await steps.reactivate(kept.id);
      await steps.reaches(kept.id, 'ACTIVE');
      await isServed(kept.id, 200);
      await steps.suspend(kept.id);
      await steps.reaches(kept.id, 'SUSPENDED');
      await isServed(kept.id, 403);
      expect((await steps.read(kept.id)).generation).toBeGreaterThan(2 ** 32);
    }, 300_000);
  },
);
