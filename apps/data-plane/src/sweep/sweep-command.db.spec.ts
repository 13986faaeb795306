import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tenantSchemaName } from '@tenantry/contracts';
import type { OrphanReport } from '@tenantry/data-plane-kit';
import { createLogger, newId } from '@tenantry/service';
import {
  LifecyclePublisher,
  busDatabase,
  kitDatabase,
  waitFor,
  type BusDatabase,
  type KitDatabase,
} from '@tenantry/testing';
import { Pool } from 'pg';
import { readSweepConfig } from '../config.js';
import { referenceService } from '../reference-service.js';
import { sweepCommand } from './sweep-command.js';

let database: KitDatabase;
let bus: BusDatabase;
let publisher: LifecyclePublisher;
let admin: Pool;
let transportUrl: string;

beforeAll(async () => {
  [database, bus] = await Promise.all([kitDatabase(referenceService('reference')), busDatabase()]);
  publisher = new LifecyclePublisher(bus, 'reference', createLogger({ service: 'test', level: 'silent' }));
  admin = new Pool({ connectionString: database.adminUrl, max: 1 });
  transportUrl = await bus.participantUrl('reference');
});

afterAll(async () => {
  await Promise.all([publisher.stop(), admin.end()]);
  await Promise.all([database.drop(), bus.drop()]);
});

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(args: readonly string[], url = transportUrl): Promise<Run> {
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err') => ({ write: (text: string) => (written[name] += text) });
  const config = (): ReturnType<typeof readSweepConfig> =>
    readSweepConfig({ PROVISIONER_DATABASE_URL: database.provisionerUrl, EMBEDDED_TRANSPORT_URL: url });
  const code = await sweepCommand(args, config, { out: stream('out'), err: stream('err') });
  return { code, ...written };
}

/** A tenant that was purged here at generation 2, and whose schema of generation 1 came afterwards. */
async function lateSchema(): Promise<string> {
  const tenantId = newId();
  const schema = tenantSchemaName(tenantId, 'primary');
  await publisher.ask({
    tenantId,
    isolation: 'schema',
    schema,
    type: 'tenant.purge_requested.v1',
    state: 'PURGED',
    access: 'frozen',
  });
  await waitFor('the state record', async () => (await run([])).out.includes('1 tenants'));
  await admin.query(`SELECT tenantry.bury($1, 2)`, [tenantId]);
  await admin.query(`SELECT tenantry.drop_fence($1)`, [tenantId]);
  await admin.query(`CREATE SCHEMA ${schema} AUTHORIZATION tenantry_provisioner`);
  const marker = { madeBy: 'tenantry', service: 'reference', tenantId, generation: 1, database: 'any' };
  await admin.query(`COMMENT ON SCHEMA ${schema} IS '${JSON.stringify(marker)}'`);
  return schema;
}

describe('the command that sweeps', () => {
  it('ends with 0 and one line when everything matches', async () => {
    const { code, out } = await run([]);
    expect(out).toMatch(/0 tenants of reference in default\/\w+: /);
    expect(code).toBe(0);
  });

  it('ends with 1 and a table when something does not, and with 0 when it has deleted that', async () => {
    const schema = await lateSchema();
    const reported = await run([]);
    expect(reported.out).toMatch(
      new RegExp(`orphaned +schema +${schema} +[0-9a-f-]{36} +yes +The tenant was purged here`),
    );
    expect(reported.code).toBe(1);

    const asJson = await run(['--json']);
    expect(asJson.code).toBe(1);
    const { findings } = JSON.parse(asJson.out) as OrphanReport;
    expect(findings.filter(({ object }) => object.name === schema)).toEqual([
      expect.objectContaining({ kind: 'orphaned', deletable: true, deleted: false }),
    ]);

    const deleted = await run(['--delete']);
    expect(deleted.out).toMatch(new RegExp(`orphaned +schema +${schema} +[0-9a-f-]{36} +deleted`));
    expect(deleted.code).toBe(0);
    const { rows } = await admin.query('SELECT to_regnamespace($1) IS NOT NULL AS there', [schema]);
    expect(rows).toEqual([{ there: false }]);
  });

  it.each([[['--destroy']], [['now']]])('ends with 2 and says how it is called, for %j', async (args) => {
    const { code, out, err } = await run(args);
    expect(err).toMatch(/^Usage: /);
    expect(out).toBe('');
    expect(code).toBe(2);
  });

  it('ends with 2 when the state records cannot be read', async () => {
    // No participant's login.
    const { code, out, err } = await run([], bus.controlUrl);
    expect(err).toMatch(/the sweep failed/);
    expect(out).toBe('');
    expect(code).toBe(2);
  });
});
