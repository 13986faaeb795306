import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@tenantry/kernel';
import { auditDatabase } from '@tenantry/isolation-audit';
import {
  EXAMPLE_SERVICE,
  kitDatabase,
  type KitDatabase,
  recordMetrics,
  requestedWork,
  UNDISTURBED,
  waitFor,
} from '@tenantry/testing';
import { Pool } from 'pg';
import { maintenanceCluster, MaintenanceClusters } from '../clusters/maintenance-clusters.js';
import { secretOf } from '../credentials/secret.js';
import { TenantLogins } from '../credentials/tenant-logins.js';
import { databasePool } from '../database-pool.js';
import { installKit } from '../install-kit.js';
import { createRequestHandler } from '../participant/request-handler.js';
import { SigningKey } from '../signing/signing-key.js';
import { auditInstallation } from './audit-installation.js';
import { IsolationAuditSchedule } from './isolation-audit-schedule.js';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const { globalTables } = EXAMPLE_SERVICE;

describe('the isolation audit of an installation', () => {
  let database: KitDatabase;
  let admin: Pool;
  let pool: Pool;

  beforeAll(async () => {
    database = await kitDatabase(EXAMPLE_SERVICE, { tenantDatabases: true });
    admin = new Pool({ connectionString: database.adminUrl, max: 2 });
    pool = databasePool({
      url: database.provisionerUrl,
      max: 2,
      applicationName: 'isolation-audit',
      queryTimeoutMs: 30_000,
      onLost: () => undefined,
    });
    const handler = createRequestHandler({
      service: EXAMPLE_SERVICE,
      pool,
      clusters: new MaintenanceClusters([home()]),
      logger: quiet,
      tenantLogins: new TenantLogins({ current: secretOf('k'.repeat(32)) }),
    });
    for (const isolation of ['pooled', 'schema', 'database'] as const) {
      const asked = { tenantId: newId(), verb: 'provisioning', generation: 1, isolation } as const;
      await handler(requestedWork(asked), UNDISTURBED);
    }
  });

  const stopped: IsolationAuditSchedule[] = [];

  afterAll(async () => {
    await Promise.all(stopped.map((schedule) => schedule.stop()));
    await Promise.all([admin?.end(), pool?.end()]);
    await database?.drop();
  });

  const home = () =>
    maintenanceCluster('default', pool, secretOf(database.provisionerUrl), 'isolation-audit');

  const audit = () => auditInstallation({ service: EXAMPLE_SERVICE, clusters: [home()], allow: [] });

  it('finds nothing, in any model', async () => {
    expect(await audit()).toEqual({ databases: 2, findings: [], failed: [] });
  });

  it('finds nothing as the application either', async () => {
    const { findings, tier } = await auditDatabase({
      url: database.adminUrl,
      asUrl: database.appUrl,
      probeWrites: true,
      globalTables,
    });
    expect({ findings, tier }).toEqual({ findings: [], tier: 'bug-safe' });
  });

  it('tells what is signed', async () => {
    const install = (marker: 'mac' | 'off') =>
      installKit(database.adminUrl, {
        appLogin: database.logins.app,
        provisionerLogin: database.logins.provisioner,
        service: EXAMPLE_SERVICE,
        signing: marker === 'off' ? { marker } : { marker, keys: [new SigningKey('k'.repeat(64))] },
      });
    await install('mac');
    const request = { url: database.adminUrl, requireInjectionSafe: true, globalTables };
    const signed = await auditDatabase(request);
    expect({ findings: signed.findings, tier: signed.tier }).toEqual({
      findings: [],
      tier: 'injection-safe',
    });
    await install('off');
    const unsigned = await auditDatabase(request);
    expect(unsigned.findings.map(({ hole, probe }) => `${hole} ${probe}`)).toEqual(['16 context-forgeable']);
  });

  it('tells each hole once, as a metric too, in whichever database it is', async () => {
    const recorded = recordMetrics();
    const told: object[] = [];
    const rounds: unknown[] = [];
    const schedule = new IsolationAuditSchedule(
      async () => {
        const found = await audit();
        rounds.push(found);
        return found;
      },
      20,
      { ...quiet, warn: (fields) => told.push(fields) },
    );
    const schemas = await admin.query<{ name: string }>(
      `SELECT nspname AS name FROM pg_namespace WHERE nspname ~ '^t_[0-9a-f]{32}_'`,
    );
    const schema = schemas.rows[0]!.name;
    await admin.query(`ALTER TABLE ${schema}.note NO FORCE ROW LEVEL SECURITY`);
    schedule.start();
    stopped.push(schedule);
    await waitFor('three rounds', () => rounds.length >= 3);
    const here = new URL(database.adminUrl).pathname.slice(1);
    expect(told).toEqual([
      expect.objectContaining({ hole: 37, probe: 'guard-missing', database: here, severity: 'high' }),
    ]);
    expect(await recorded.value('tenantry_isolation_findings', { severity: 'high' })).toBe(1);
    expect(await recorded.value('tenantry_isolation_findings', { severity: 'critical' })).toBe(0);
    expect(await recorded.value('tenantry_isolation_audit_age_seconds', {})).toBeGreaterThanOrEqual(0);
    await admin.query(`ALTER TABLE ${schema}.note FORCE ROW LEVEL SECURITY`);
    await waitFor('the hole is mended', () => schedule.lastAudit?.findings.length === 0);
    await schedule.stop();
    expect(told).toHaveLength(1);
    await recorded.stop();
  });

  it('counts as late, and forgets no finding, while a database cannot be looked at', async () => {
    const recorded = recordMetrics();
    const away = new Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/none', max: 1 });
    const unreachable = maintenanceCluster('away', away, secretOf('postgres://x@127.0.0.1:1/x'), 'audit');
    let clusters = [home()];
    let rounds = 0;
    const schedule = new IsolationAuditSchedule(
      async () => {
        const found = await auditInstallation({ service: EXAMPLE_SERVICE, clusters, allow: [] });
        rounds += 1;
        return found;
      },
      20,
      quiet,
    );
    const findings = () => recorded.value('tenantry_isolation_findings', { severity: 'critical' });
    const age = async () => (await recorded.value('tenantry_isolation_audit_age_seconds', {})) ?? NaN;
    await admin.query('CREATE TABLE public.forgotten (tenant_id uuid)');
    await admin.query('GRANT SELECT ON public.forgotten TO tenantry_app');
    schedule.start();
    stopped.push(schedule);
    await waitFor('the hole is found', () => schedule.lastAudit?.findings.length === 1);
    clusters = [unreachable];
    const until = rounds + 3;
    await waitFor('audits that saw nothing', () => rounds >= until);
    const before = await age();
    await waitFor('a further one', () => rounds > until);
    expect(await age()).toBeGreaterThan(before);
    expect(await findings()).toBe(1);
    await admin.query('DROP TABLE public.forgotten');
    clusters = [home()];
    await waitFor('the hole is mended', () => schedule.lastAudit?.findings.length === 0);
    await schedule.stop();
    await Promise.all([away.end(), recorded.stop()]);
  });
});
