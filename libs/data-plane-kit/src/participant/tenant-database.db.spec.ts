import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { tenantDatabaseName } from '@tenantry/contracts';
import type { Row } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import type { WorkResult } from '@tenantry/messaging';
import {
  EXAMPLE_SERVICE,
  kitDatabase,
  type KitDatabase,
  requestedWork,
  UNDISTURBED,
  waitFor,
} from '@tenantry/testing';
import { Client, Pool } from 'pg';
import { secretOf } from '../credentials/secret.js';
import { TenantLogins } from '../credentials/tenant-logins.js';
import { databaseUrlOf } from '../database-url.js';
import { installKit } from '../install-kit.js';
import { createRequestHandler } from './request-handler.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const tenantLogins = new TenantLogins({ current: secretOf('k'.repeat(32)) });

let database: KitDatabase;
let admin: Pool;
let pool: Pool;
let tenantId: string;
let name: string;

beforeAll(async () => {
  database = await kitDatabase(EXAMPLE_SERVICE, { tenantDatabases: true });
  admin = new Pool({ connectionString: database.adminUrl, max: 2 });
  pool = new Pool({ connectionString: database.provisionerUrl, max: 4 });
});

afterAll(async () => {
  await Promise.all([admin?.end(), pool?.end()]);
  await database?.drop();
});

beforeEach(() => {
  tenantId = newId();
  name = tenantDatabaseName(tenantId, 'primary');
});

type Verb = Parameters<typeof requestedWork>[0]['verb'];
type OnStep = (step: string) => void | Promise<void>;

function ask(verb: Verb, generation = 1, onStep: OnStep = () => {}, logins = true): Promise<WorkResult> {
  const handler = createRequestHandler({
    service: EXAMPLE_SERVICE,
    pool,
    logger,
    onStep,
    ...(logins && { tenantLogins }),
  });
  return handler(requestedWork({ tenantId, verb, generation, isolation: 'database' }), UNDISTURBED);
}

async function query<R extends Row>(text: string, values: unknown[] = []): Promise<R[]> {
  return (await admin.query<R>(text, values)).rows;
}

/** What there is of the tenant on the server. */
async function left(): Promise<Row[]> {
  return query(
    `SELECT 'database' AS what FROM pg_database WHERE datname = $1
     UNION ALL SELECT 'role' FROM pg_roles WHERE rolname = $1`,
    [name],
  );
}

/** A session of the tenant's own login, or of another. */
async function inside<T>(
  work: (client: Client) => Promise<T>,
  login = { name, password: tenantLogins.password('default', name) },
  where = name,
): Promise<T> {
  const client = new Client({ connectionString: databaseUrlOf(database.adminUrl, where, login) });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function write(generation: number): Promise<string[]> {
  return inside(async (client) => {
    await client.query('BEGIN');
    await client.query(`SELECT tenantry.enter($1, $2, 'w')`, [tenantId, generation]);
    await client.query('SET LOCAL search_path TO pooled_primary, pg_temp');
    await client.query(`INSERT INTO note VALUES ($1, $2, 'x')`, [tenantId, newId()]);
    const { rows } = await client.query<{ text: string }>('SELECT text FROM note');
    await client.query('COMMIT');
    return rows.map(({ text }) => text);
  });
}

describe('a tenant with a database of its own', () => {
  it('is made, served, closed with its sessions, opened again and destroyed with evidence', async () => {
    expect((await ask('provisioning')).evidence).toEqual({
      isolation: 'database',
      database: name,
      schema: 'pooled_primary',
      migrations: ['0001-notes', '0002-labels'],
      seeded: { labels: ['done', 'new'] },
    });
    expect(await write(1)).toEqual(['x']);

    const idle = new Client({
      connectionString: databaseUrlOf(database.adminUrl, name, {
        name,
        password: tenantLogins.password('default', name),
      }),
    });
    const lost = new Promise<void>((resolve) => idle.on('error', () => resolve()));
    await idle.connect();
    expect((await ask('suspension', 2)).evidence).toEqual({
      access: 'frozen',
      provisioned: true,
      sessionsEnded: 1,
    });
    await lost;
    await idle.end().catch(() => undefined);
    await expect(write(2)).rejects.toMatchObject({ code: '28000' });

    await ask('reactivation', 3);
    await expect(write(2)).rejects.toMatchObject({ code: 'TN006' });
    expect(await write(3)).toEqual(['x', 'x']);

    const { evidence } = await ask('purge', 4);
    expect(evidence).toMatchObject({
      tables: {
        [`${name}/pooled_primary.note`]: { rowsBefore: 2, rowsAfter: 0 },
        [`${name}/pooled_primary.label`]: { rowsBefore: 2, rowsAfter: 0 },
      },
      schemasDropped: [],
      databasesDropped: [name],
      rolesDropped: [name],
      remains: { 'tenantry.tombstone': 1 },
    });
    expect(await left()).toEqual([]);
  });

  it('lets in nobody but its own login, the provisioner and whoever scans', async () => {
    await ask('provisioning');
    const [row] = await query<{ acl: string; dedicated: boolean; app: boolean }>(
      `SELECT datacl::text AS acl, pg_has_role($1, 'tenantry_dedicated', 'USAGE') AS dedicated,
              pg_has_role($1, 'tenantry_app', 'MEMBER') AS app FROM pg_database WHERE datname = $1`,
      [name],
    );
    expect(row).toMatchObject({ dedicated: true, app: false });
    expect(row!.acl).not.toMatch(/[{,]=/);
    await expect(inside(async () => undefined, database.logins.app)).rejects.toMatchObject({ code: '42501' });
    const here = new URL(database.adminUrl).pathname.slice(1);
    await expect(inside(async () => undefined, undefined, here)).rejects.toMatchObject({ code: '42501' });
    await inside(async (client) => {
      await expect(client.query('CREATE TEMP TABLE note (x int)')).rejects.toMatchObject({ code: '42501' });
      await expect(client.query('SELECT FROM pooled_primary.note')).rejects.toMatchObject({ code: 'TN002' });
      await expect(client.query('SELECT pg_try_advisory_lock(1)')).rejects.toMatchObject({ code: '42501' });
    });
  });

  it('keeps the shared database closed to it, so that a mistaken route finds nothing', async () => {
    await ask('provisioning');
    const [fence] = await query('SELECT generation::int, access FROM tenantry.fence WHERE tenant_id = $1', [
      tenantId,
    ]);
    expect(fence).toEqual({ generation: 1, access: 'frozen' });
  });

  it('is refused where the service has no key, and where its database is somebody else’s', async () => {
    await expect(ask('provisioning', 1, () => {}, false)).rejects.toMatchObject({ retryable: false });
    expect(await left()).toEqual([]);
    await ask('provisioning');
    await query(
      `COMMENT ON DATABASE ${name} IS '${JSON.stringify({
        madeBy: 'tenantry',
        service: 'other',
        tenantId,
        generation: 1,
        database: 'elsewhere',
      })}'`,
    );
    await expect(ask('provisioning', 2)).rejects.toMatchObject({ name: 'PlacementRefused' });
    await expect(ask('purge', 3)).rejects.toMatchObject({ name: 'PurgeIncomplete' });
    await query(`DROP DATABASE ${name} WITH (FORCE)`);
    await query(`DROP ROLE ${name}`);
  });

  it('is lost when its database is, and not made anew', async () => {
    await ask('provisioning');
    await query(`DROP DATABASE ${name} WITH (FORCE)`);
    await expect(ask('reactivation', 2)).rejects.toMatchObject({ name: 'TenantDataLost' });
    await query(`DROP ROLE ${name}`);
  });
});

it('is brought up to date by the installation, and those made afterwards begin there', async () => {
  await ask('provisioning');
  const more = { name: '0003-more', sql: 'CREATE TABLE more (tenant_id uuid NOT NULL)' };
  const service = { ...EXAMPLE_SERVICE, migrations: [...EXAMPLE_SERVICE.migrations, more] };
  const install = () =>
    installKit(database.adminUrl, {
      appLogin: database.logins.app,
      provisionerLogin: database.logins.provisioner,
      service,
      tenantDatabases: { cluster: 'default', logins: tenantLogins },
    });
  const { applied } = await install();
  expect(applied).toContain(`${name}/pooled_primary/0003-more`);
  expect(applied.filter((step) => step.startsWith('tenantry_template_'))).toHaveLength(1);
  expect(await install()).toEqual({ applied: [], warnings: [] });
  tenantId = newId();
  name = tenantDatabaseName(tenantId, 'primary');
  await ask('provisioning');
  const { rows } = await inside((client) => client.query(`SELECT to_regclass('pooled_primary.more') AS it`));
  expect(rows).toEqual([{ it: 'pooled_primary.more' }]);
});

it('gets what its template lacks when the service is newer than the template', async () => {
  const newer = { name: '0009-newer', sql: 'CREATE TABLE newer (tenant_id uuid NOT NULL)' };
  const service = { ...EXAMPLE_SERVICE, migrations: [...EXAMPLE_SERVICE.migrations, newer] };
  const steps: string[] = [];
  const onStep = (step: string): void => void steps.push(step);
  const work = requestedWork({ tenantId, verb: 'provisioning', generation: 1, isolation: 'database' });
  await createRequestHandler({ service, pool, logger, onStep, tenantLogins })(work, UNDISTURBED);
  expect(steps).toContain('provision.migration 0009-newer');
  const { rows } = await inside((client) =>
    client.query(
      `SELECT relrowsecurity AS secured FROM pg_class WHERE oid = 'pooled_primary.newer'::regclass`,
    ),
  );
  expect(rows).toEqual([{ secured: true }]);
});

it('gets its new password from the installation when the key of the logins was changed', async () => {
  await ask('provisioning');
  const rotated = new TenantLogins({
    current: secretOf('n'.repeat(32)),
    previous: secretOf('k'.repeat(32)),
  });
  const install = () =>
    installKit(database.adminUrl, {
      appLogin: database.logins.app,
      provisionerLogin: database.logins.provisioner,
      service: EXAMPLE_SERVICE,
      tenantDatabases: { cluster: 'default', logins: rotated },
    });
  const enters = (password: string) =>
    inside(() => Promise.resolve(true), { name, password }).catch((error: { code?: string }) => error.code);
  const [present, before] = rotated.passwords('default', name) as [string, string];
  expect(await enters(present)).toBe('28P01');
  await install();
  expect([await enters(present), await enters(before)]).toEqual([true, '28P01']);
});

describe('after a kill', () => {
  const died = new Error('as if killed');
  const dieAfter =
    (last: string): OnStep =>
    (step) => {
      if (step === last) throw died;
    };

  it('a copy lets nobody in before it is said who may', async () => {
    await expect(ask('provisioning', 1, dieAfter('provision.database'))).rejects.toBe(died);
    expect(
      await query(
        `SELECT datallowconn AS open, shobj_description(oid, 'pg_database') AS marker FROM pg_database WHERE datname = $1`,
        [name],
      ),
    ).toEqual([{ open: false, marker: null }]);
    await ask('purge', 2);
  });

  it.each(['fence', 'database', 'login', 'seed', 'marker', 'open'])(
    'the retry completes what ended after the step %s',
    async (last) => {
      await expect(ask('provisioning', 1, dieAfter(`provision.${last}`))).rejects.toBe(died);
      expect((await ask('provisioning')).evidence).toMatchObject({ seeded: { labels: ['done', 'new'] } });
      expect(await write(1)).toEqual(['x']);
    },
  );

  it.each(['database', 'login', 'seed'])(
    'a purge destroys what ended half made after the step %s',
    async (last) => {
      await expect(ask('provisioning', 1, dieAfter(`provision.${last}`))).rejects.toBe(died);
      expect((await ask('purge', 2)).evidence).toMatchObject({ databasesDropped: [name] });
      expect(await left()).toEqual([]);
      await expect(ask('provisioning', 1)).rejects.toMatchObject({ name: 'AlreadyPurged' });
    },
  );

  it.each(['tombstone', 'login', 'footprint', 'rows', 'database', 'schema', 'marker'])(
    'the next purge shows the whole after the step %s',
    async (last) => {
      await ask('provisioning');
      await write(1);
      await expect(ask('purge', 2, dieAfter(`purge.${last}`))).rejects.toBe(died);
      expect((await ask('purge', 2)).evidence).toMatchObject({
        tables: { [`${name}/pooled_primary.note`]: { rowsBefore: 1, rowsAfter: 0 } },
        databasesDropped: [name],
        rolesDropped: [name],
      });
      expect(await left()).toEqual([]);
    },
  );

  it('a worker that was overtaken by a purge makes no database behind it', async () => {
    let purging: Promise<WorkResult> | undefined;
    const making = ask('provisioning', 1, async (step) => {
      if (step !== 'provision.fence') return;
      purging = ask('purge', 2);
      await waitFor(
        'the tombstone',
        async () =>
          (await query('SELECT FROM tenantry.tombstone WHERE tenant_id = $1', [tenantId])).length > 0,
      );
    });
    await expect(making).rejects.toMatchObject({ name: 'AlreadyPurged' });
    await purging;
    expect(await left()).toEqual([]);
  });

  it('a suspension while the database is being copied is not undone by the copy', async () => {
    let evidence: unknown;
    const making = ask('provisioning', 1, async (step) => {
      if (step === 'provision.database') ({ evidence } = await ask('suspension', 2));
    });
    await expect(making).rejects.toMatchObject({ name: 'RequestOvertaken' });
    expect(evidence).toMatchObject({ access: 'frozen', provisioned: false });
    await expect(write(1)).rejects.toMatchObject({ code: expect.stringMatching(/^28/) });
    await ask('reactivation', 3);
    expect(await write(3)).toEqual(['x']);
  });
});
