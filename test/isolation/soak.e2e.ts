import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EXAMPLE_SERVICE } from '@tenantry/testing';
import { isolationCases, isolationStage, type IsolationStage } from '@tenantry/testing/isolation';
import { findPgBouncer, startPgBouncer, type PgBouncer } from '@tenantry/testing/servers';
import { runSoak } from './run-soak.ts';

/** In CI there must be one; elsewhere `npm test` names what was left out. */
const withPooler =
  (await findPgBouncer()) === undefined && process.env['CI'] !== '1' ? describe.skip : describe;

withPooler('through pgbouncer in transaction mode', () => {
  let bouncer: PgBouncer;

  beforeAll(async () => {
    bouncer = await startPgBouncer({ serverUrl: String(process.env['TEST_DATABASE_URL']), poolSize: 12 });
  }, 30_000);

  afterAll(() => bouncer?.stop());

  describe('the tables of a service', () => {
    isolationCases({ service: EXAMPLE_SERVICE, pooler: async () => (url) => bouncer.through(url) });
  });

  describe('a service under load, with failing handlers, cancelled queries and killed backends', () => {
    let stage: IsolationStage;

    beforeAll(async () => {
      stage = await isolationStage({ service: EXAMPLE_SERVICE });
    }, 60_000);

    afterAll(() => stage?.drop());

    it('crosses no row, leaks no context and gets every connection back', async () => {
      const report = await runSoak(stage, bouncer, { durationMs: 5000 });
      expect(report).toMatchObject({ crossed: 0, leaked: 0, exhausted: 0, findings: [] });
      expect(Object.keys(report.requests).sort()).toEqual([
        'cancelled',
        'killed',
        'outside',
        'read',
        'swallowing',
        'throwing',
        'work',
      ]);
    }, 120_000);
  });
});
