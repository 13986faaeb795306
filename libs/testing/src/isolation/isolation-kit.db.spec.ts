import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, escapeIdentifier } from 'pg';
import { EXAMPLE_SERVICE } from '../kit-database.js';
import { isolationCases } from './isolation-cases.js';
import { isolationStage, type IsolationStage } from './isolation-stage.js';
import { runProbes } from './run-probes.js';

describe('the service of the examples', () => {
  isolationCases({ service: EXAMPLE_SERVICE });
});

describe('the test kit', () => {
  let stage: IsolationStage;
  let admin: Client;

  beforeAll(async () => {
    stage = await isolationStage({ service: EXAMPLE_SERVICE, models: ['pooled', 'schema'], signing: 'mac' });
    admin = new Client({ connectionString: stage.database.adminUrl });
    await admin.connect();
  }, 60_000);

  afterAll(async () => {
    await admin?.end();
    await stage?.drop();
  });

  /** Runs a round while the hole is there. */
  async function withHole(
    table: string,
    hole: string,
    mended: string,
  ): Promise<Awaited<ReturnType<typeof runProbes>>> {
    await admin.query(hole);
    try {
      return await runProbes(stage, { seed: 7, tables: [table] });
    } finally {
      await admin.query(mended);
    }
  }

  it('executes the same probes for the same seed, and each combination once in a round', async () => {
    const few = { seed: 3, probes: 50, concurrency: 2 };
    expect(await runProbes(stage, few)).toEqual(await runProbes(stage, few));
    const round = await runProbes(stage);
    // Three tables of four tenants × four verbs × three situations × two protocols × two paths.
    expect(round).toMatchObject({ probes: 3 * 4 * 4 * 3 * 2 * 2, rows: 0, writes: 0, findings: [] });
    expect(round.counts).toMatchObject({
      'pooled tenants': 288,
      'pooled connections': 288,
      prepared: 288,
      INSERT: 144,
      'without a context': 192,
    });
  });

  it('sees one policy that is gone', async () => {
    const [policy] = (
      await admin.query<{ check: string }>(
        `SELECT pg_get_expr(polwithcheck, polrelid) AS "check" FROM pg_policy
         WHERE polrelid = 'pooled_primary.label'::regclass AND polname = 'tenant_isolation'`,
      )
    ).rows;
    const report = await withHole(
      'label',
      'DROP POLICY tenant_isolation ON pooled_primary.label',
      `CREATE POLICY tenant_isolation ON pooled_primary.label USING (${policy?.check}) WITH CHECK (${policy?.check})`,
    );
    expect(report.findings.length).toBeGreaterThan(0);
    expect(report.findings.every((finding) => finding.includes('label'))).toBe(true);
  });

  it('sees row security that is off, in shared tables and in a schema of its own', async () => {
    const schema = stage.tenants.find(({ isolation }) => isolation === 'schema')?.schema ?? '';
    for (const place of ['pooled_primary', schema]) {
      const table = `${escapeIdentifier(place)}.note`;
      const report = await withHole(
        'note',
        `ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`,
        `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`,
      );
      expect(report.rows).toBeGreaterThan(0);
      expect(report.writes).toBeGreaterThan(0);
      expect(report.findings.every((finding) => finding.includes(`${place}"."note"`))).toBe(true);
    }
  });
});
