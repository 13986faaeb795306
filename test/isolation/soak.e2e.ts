import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EXAMPLE_SERVICE } from '@tenantry/testing';
import { isolationStage, runProbes, type IsolationStage } from '@tenantry/testing/isolation';
import { findPgBouncer, startPgBouncer, type PgBouncer } from '@tenantry/testing/servers';
import { Client } from 'pg';
import { runSoak } from './run-soak.ts';

/** In CI there must be one; elsewhere `npm test` names what was left out. */
const withPooler =
  (await findPgBouncer()) === undefined && process.env['CI'] !== '1' ? describe.skip : describe;

withPooler('through pgbouncer in transaction mode', () => {
  let bouncer: PgBouncer;
  let stage: IsolationStage;

  beforeAll(async () => {
    bouncer = await startPgBouncer({ serverUrl: String(process.env['TEST_DATABASE_URL']), poolSize: 12 });
    stage = await isolationStage({ service: EXAMPLE_SERVICE });
  }, 60_000);

  afterAll(async () => {
    await stage?.drop();
    await bouncer?.stop();
  });

  it('no tenant reads or writes what is another’s', async () => {
    const report = await runProbes(stage, { probes: 400, through: (url) => bouncer.through(url) });
    expect(report).toMatchObject({ probes: 400, rows: 0, writes: 0, findings: [] });
  }, 60_000);

  it('a service under load crosses no row, leaks no context and gets every connection back', async () => {
    const report = await runSoak(stage, bouncer, { durationMs: 5000 });
    expect(report).toMatchObject({ crossed: 0, leaked: 0, exhausted: 0, findings: [] });
    const kinds = ['cancelled', 'killed', 'outside', 'read', 'swallowing', 'throwing', 'work'];
    expect(Object.keys(report.requests).sort()).toEqual(kinds);
  }, 120_000);

  // Last, since it spoils the stage.
  it('sees rows that are crossed, and what is open without a context', async () => {
    const admin = new Client({ connectionString: stage.database.adminUrl });
    await admin.connect();
    await admin.query('ALTER TABLE pooled_primary.note DISABLE ROW LEVEL SECURITY');
    await admin.end();
    const report = await runSoak(stage, bouncer, { durationMs: 1000, concurrency: 20 });
    expect(report.crossed).toBeGreaterThan(0);
    expect(report.leaked).toBeGreaterThan(0);
  }, 60_000);
});
