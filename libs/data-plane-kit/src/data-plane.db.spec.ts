import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { tenantSchemaName } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import {
  createEmbeddedParticipantTransport,
  type Logger,
  type ParticipantTransport,
} from '@tenantry/messaging';
import {
  type BusDatabase,
  busDatabase,
  EXAMPLE_SERVICE,
  kitDatabase,
  type KitDatabase,
  LifecyclePublisher,
  waitFor,
} from '@tenantry/testing';
import { Pool } from 'pg';
import { DataPlane, type DataPlaneParts } from './data-plane.js';
import type { OrphanFinding, OrphanReport } from './orphans/orphan-report.js';

const logger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

let database: KitDatabase;
let bus: BusDatabase;
let transportUrl: string;
let publisher: LifecyclePublisher;
let answers: Pool;
const running: DataPlane[] = [];

beforeAll(async () => {
  [database, bus] = await Promise.all([kitDatabase(), busDatabase()]);
  transportUrl = await bus.participantUrl(EXAMPLE_SERVICE.name);
  publisher = new LifecyclePublisher(bus, EXAMPLE_SERVICE.name, logger);
  answers = new Pool({ connectionString: bus.adminUrl, max: 1 });
});

afterEach(async () => {
  for (const dataPlane of running.splice(0)) {
    await dataPlane.stop();
    await dataPlane.close();
  }
});

afterAll(async () => {
  await publisher.stop();
  await answers.end();
  await Promise.all([database.drop(), bus.drop()]);
});

async function started(
  transport: ParticipantTransport = createEmbeddedParticipantTransport({ url: transportUrl, logger }),
  options: Partial<DataPlaneParts> = {},
): Promise<DataPlane> {
  const dataPlane = new DataPlane({
    service: EXAMPLE_SERVICE,
    databaseUrl: database.appUrl,
    provisionerUrl: database.provisionerUrl,
    transport,
    logger,
    version: '1',
    ...options,
  });
  running.push(dataPlane);
  await dataPlane.start();
  return dataPlane;
}

function ask(
  tenantId: string,
  verb: 'provisioning' | 'suspension',
  access: 'open' | 'frozen',
): Promise<void> {
  return publisher.ask({
    tenantId,
    isolation: 'schema',
    schema: tenantSchemaName(tenantId, 'primary'),
    type: `tenant.${verb}_requested.v1`,
    state: access === 'open' ? 'ACTIVE' : 'SUSPENDED',
    access,
  });
}

/** The outcomes that the control plane's side has heard about a tenant. */
async function outcomes(tenantId: string): Promise<string[]> {
  const { rows } = await answers.query<{ outcome: string }>(
    `SELECT to_jsonb(a)::text AS outcome FROM tenantry.acknowledgement a WHERE to_jsonb(a)::text LIKE '%' || $1 || '%' ORDER BY 1`,
    [tenantId],
  );
  return rows.map(({ outcome }) => outcome);
}

async function activeTenant(dataPlane: DataPlane): Promise<string> {
  const tenantId = newId();
  await ask(tenantId, 'provisioning', 'open');
  await waitFor('the tenant to be provisioned', async () =>
    (await outcomes(tenantId)).some((answer) => answer.includes('succeeded')),
  );
  await waitFor('the route', async () => dataPlane.routes.get(tenantId) !== undefined);
  return tenantId;
}

const SEEDED = { text: 'SELECT name FROM label ORDER BY name' };

describe('DataPlane', () => {
  it('is not ready before the database has every migration of the kit and of the service', async () => {
    const dataPlane = await started();
    await dataPlane.checkMigrations();
    const admin = new Pool({ connectionString: database.adminUrl, max: 1 });
    try {
      const without = async (table: string, name: string, missing: RegExp): Promise<void> => {
        await admin.query(`CREATE TABLE public.kept AS SELECT * FROM ${table} WHERE name = '${name}'`);
        await admin.query(`DELETE FROM ${table} WHERE name = $1`, [name]);
        await expect(dataPlane.checkMigrations()).rejects.toThrow(missing);
        await admin.query(`INSERT INTO ${table} SELECT * FROM public.kept`);
        await admin.query('DROP TABLE public.kept');
        await dataPlane.checkMigrations();
      };
      await without('tenantry.migration', 'kit-0002-tenant-context', /kit-0002/);
      const [first] = EXAMPLE_SERVICE.migrations;
      await without('tenantry.schema_migration', first!.name, new RegExp(first!.name));
    } finally {
      await admin.end();
    }
  });

  it('provisions what it is asked for, answers, serves, and closes when told', async () => {
    const dataPlane = await started();
    await dataPlane.checkReady();
    const tenantId = await activeTenant(dataPlane);
    expect(await dataPlane.tenants.query(tenantId, SEEDED)).toEqual([{ name: 'done' }, { name: 'new' }]);
    await ask(tenantId, 'suspension', 'frozen');
    await waitFor('the suspension to be answered', async () => (await outcomes(tenantId)).length === 2);
    await expect(dataPlane.tenants.query(tenantId, SEEDED)).rejects.toMatchObject({
      code: 'tenant-suspended',
    });
  });

  it('limits the statements of a tenant by what is known of it', async () => {
    const dataPlane = await started(undefined, {
      limits: ({ isolation }) => (isolation === 'schema' ? { statementTimeoutMs: 12_000 } : {}),
    });
    const timeout = { text: `SELECT current_setting('statement_timeout') AS timeout` };
    expect(await dataPlane.tenants.query(await activeTenant(dataPlane), timeout)).toEqual([
      { timeout: '12s' },
    ]);
  });

  it('starts and serves while the transport is away, and stops without waiting for it', async () => {
    const first = await started();
    const tenantId = await activeTenant(first);
    await first.stop();
    const never = new Promise<never>(() => undefined);
    const away: ParticipantTransport = {
      consumeLifecycle: () => Promise.reject(new Error('no broker')),
      followState: () => never,
      acknowledge: () => Promise.reject(new Error('no broker')),
      close: async () => {},
    };
    const second = await started(away);
    expect(await second.tenants.query(tenantId, SEEDED)).toHaveLength(2);
    await expect(second.tenants.query(newId(), SEEDED)).rejects.toMatchObject({ code: 'stale-route' });
  });

  it('looks for orphans now and then, reports what it finds, and deletes nothing', async () => {
    const warnings: unknown[] = [];
    const listening: Logger = { ...logger, warn: (fields: object) => void warnings.push(fields) };
    const dataPlane = await started(undefined, { logger: listening, orphanSweepIntervalMs: 20 });
    const tenantId = await activeTenant(dataPlane);
    const admin = new Pool({ connectionString: database.adminUrl, max: 1 });
    try {
      const role = tenantSchemaName(tenantId, 'primary');
      await admin.query(`DROP SCHEMA ${role} CASCADE`);
      const lost = (findings: readonly OrphanFinding[] = []): boolean =>
        findings.some((found) => found.kind === 'missing' && found.object.name === role);
      await waitFor('the loss to be reported', () => lost(dataPlane.orphanReports[0]?.findings));
      await waitFor('the loss to be logged', () =>
        warnings.some((fields) => lost((fields as Partial<OrphanReport>).findings)),
      );
      const { rows } = await admin.query('SELECT to_regrole($1) IS NOT NULL AS there', [role]);
      expect(rows).toEqual([{ there: true }]);
      await admin.query(`DROP ROLE ${role}`);
    } finally {
      await admin.end();
    }
  });
});
