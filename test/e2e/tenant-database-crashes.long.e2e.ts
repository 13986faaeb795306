import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSystem, testedTransports, type SystemUnderTest } from '@tenantry/testing/servers';
import { schemaOf, TenantSteps, type Tenant } from './tenant-steps.js';

const MAKING = ['fence', 'database', 'login', 'seed', 'marker', 'open'];
const PURGING = ['tombstone', 'login', 'footprint', 'rows', 'database', 'schema', 'marker', 'fence'];

describe.each(testedTransports())(
  'a kill -9 around a tenant’s own database on the %s transport',
  (transport) => {
    let system: SystemUnderTest;
    let steps: TenantSteps;
    beforeAll(async () => {
      const env = { 'control-plane': { REQUEST_BACKOFF_BASE_MS: '1000', REQUEST_BACKOFF_MAX_MS: '2000' } };
      system = await startSystem({ transport, env, tenantDatabases: true });
      steps = new TenantSteps(system);
    }, 120_000);
    afterAll(() => system?.stop());

    /** What is named for the tenant on the server. */
    const named = ({ id }: Tenant): Promise<object[]> =>
      steps.rows(
        'data-plane',
        `SELECT 'database' AS what FROM pg_database WHERE datname = $1 UNION ALL SELECT 'role' FROM pg_roles WHERE rolname = $1`,
        [schemaOf(id)],
      );

    async function crashing<T>(point: string, work: () => Promise<T>): Promise<T> {
      await system.shutDown('data-plane');
      await system.start('data-plane', { TENANTRY_CRASH_AT: `kit.${point}` });
      const result = await work();
      expect(await system.ended('data-plane')).not.toBe(0);
      await system.start('data-plane');
      return result;
    }

    it.each(MAKING)(
      'is resumed after the step %s of making it',
      async (step) => {
        const { tenant } = await crashing(`provision.${step}`, () => steps.create('database'));
        await steps.reaches(tenant.id, 'ACTIVE');
        await steps.project(tenant.id);
        expect(await named(tenant)).toHaveLength(2);
      },
      120_000,
    );

    it.each(PURGING)(
      'is resumed after the step %s of purging it, and nothing is left',
      async (step) => {
        const tenant = await steps.active('database');
        await steps.project(tenant.id);
        await crashing(`purge.${step}`, () => steps.delete(tenant, 'PT1S'));
        await steps.reaches(tenant.id, 'PURGED');
        expect(await named(tenant)).toEqual([]);
        const evidence = (await steps.purge(tenant.id))?.tasks[0]?.evidence as { tables: object };
        expect(evidence.tables).toMatchObject({
          [`${schemaOf(tenant.id)}/pooled_primary.project`]: { rowsBefore: 1, rowsAfter: 0 },
        });
      },
      120_000,
    );
  },
);
