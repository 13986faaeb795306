import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { stateRecord } from '@tenantry/testing';
import { isolationStage, type IsolationStage } from '@tenantry/testing/isolation';
import { Client } from 'pg';
import { readSupportConfig } from '../config.js';
import { referenceService } from '../reference-service.js';
import { supportCommand } from './support-command.js';

const WHO = ['--actor', 'support-17', '--reason', 'ticket 4711'];

let stage: IsolationStage;
let admin: Client;

beforeAll(async () => {
  stage = await isolationStage({ service: referenceService('reference') });
  admin = new Client({ connectionString: stage.database.adminUrl });
  await admin.connect();
  for (const { id, isolation, generation, servingUrl } of stage.tenants) {
    const record = stateRecord({ tenantId: id, state: 'ACTIVE', generation, isolation });
    const database = isolation === 'database' ? new URL(servingUrl).pathname.slice(1) : null;
    const routes = record.routes.map((route) => ({ ...route, database }));
    await admin.query('INSERT INTO tenantry.route_snapshot VALUES ($1, 1, 1, $2)', [
      id,
      JSON.stringify({ ...record, routes }),
    ]);
  }
}, 60_000);

afterAll(async () => {
  await admin?.end();
  await stage?.drop();
});

async function run(...args: readonly string[]): Promise<{ code: number; rows: unknown[]; err: string }> {
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err') => ({ write: (text: string) => (written[name] += text) });
  const config = () => readSupportConfig({ SUPPORT_DATABASE_URL: stage.database.supportUrl });
  const code = await supportCommand(args, config, { out: stream('out'), err: stream('err') });
  const rows = written.out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);
  return { code, rows, err: written.err };
}

const actions = async (tenantId: string) =>
  (
    await admin.query('SELECT access, statement FROM tenantry.support_action WHERE tenant_id = $1', [
      tenantId,
    ])
  ).rows;

describe('main.support', () => {
  it('reads in tenants of every model, each on record and told to the control plane', async () => {
    const statement = 'SELECT tenant_id, name FROM role WHERE name = $1';
    const { code, rows } = await run(...WHO, '--all-tenants', '--value', 'admin', statement);
    const ids = stage.tenants.map(({ id }) => id).sort();
    expect({ code, rows }).toEqual({
      code: 0,
      rows: ids.map((id) => ({ tenantId: id, row: { tenant_id: id, name: 'admin' } })),
    });
    for (const id of ids) expect(await actions(id)).toEqual([{ access: 'read', statement }]);
    const { rows: told } = await admin.query<{ subject: string }>(
      `SELECT envelope ->> 'subject' AS subject FROM tenantry.acknowledgement_outbox
       WHERE envelope ->> 'type' = 'participant.audit_recorded.v1' ORDER BY 1`,
    );
    expect(told.map(({ subject }) => subject)).toEqual(ids);
  });

  it('changes something only with --write', async () => {
    for (const { id } of stage.tenants) {
      const mend = [
        ...WHO,
        '--tenant',
        id,
        "UPDATE role SET description = 'mended' WHERE name = 'admin' RETURNING name",
      ];
      expect((await run(...mend)).code).toBe(1);
      expect(await run('--write', ...mend)).toMatchObject({
        code: 0,
        rows: [{ tenantId: id, row: { name: 'admin' } }],
      });
    }
  });

  it.each([
    ['no reason', ['--actor', 'x', '--all-tenants', 'SELECT 1']],
    ['no tenants', [...WHO, 'SELECT 1']],
    ['tenants and all of them', [...WHO, '--all-tenants', '--tenant', 'x', 'SELECT 1']],
    ['no statement', [...WHO, '--all-tenants']],
    ['an option that there is not', [...WHO, '--force', 'SELECT 1']],
  ])('says how it is used, with %s', async (_what, args) => {
    const { code, err } = await run(...args);
    expect({ code, usage: err.startsWith('Usage:') }).toEqual({ code: 2, usage: true });
  });

  it('leaves records in the tenant’s own database that only support reads', async () => {
    const own = stage.tenants.find(({ isolation }) => isolation === 'database');
    const inside = new Client({ connectionString: own?.adminUrl });
    await inside.connect();
    const { rows } = await inside.query<{ readers: string[] }>(
      `SELECT array_agg(r.rolname::text ORDER BY 1) AS readers FROM pg_roles r
       WHERE r.rolname IN ('tenantry_app', 'tenantry_dedicated', 'tenantry_support')
         AND has_table_privilege(r.oid, 'tenantry.support_action', 'SELECT')`,
    );
    await inside.end();
    expect(rows).toEqual([{ readers: ['tenantry_support'] }]);
  });
});
