import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { tenantSchemaName, type ParticipantRequest, type RequestType } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import type { WorkControl, WorkResult } from '@tenantry/messaging';
import {
  EXAMPLE_SERVICE,
  kitDatabase,
  testDatabase,
  verifierDatabase,
  waitFor,
  type KitDatabase,
  type TestDatabase,
  type VerifierDatabase,
} from '@tenantry/testing';
import { Client, escapeIdentifier } from 'pg';
import { createRequestHandler } from '../participant/request-handler.js';
import { databasePool } from '../database-pool.js';
import { databaseScope } from './database-scope.js';
import type { ScanEvidence } from './scan-evidence.js';
import { VerificationFailed } from './verification-failed.js';
import { createVerificationHandler, type VerificationHandlerOptions } from './verification-handler.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const control: WorkControl = {
  signal: new AbortController().signal,
  assertCurrent: async () => {},
  progress: async () => {},
};

/** The service's own database, and another one on the server that nothing but the scan looks at. */
let service: KitDatabase;
let other: TestDatabase;
let verifier: VerifierDatabase;
let inService: Client;
let inOther: Client;
let tenantId: string;
const nameOf = ({ adminUrl }: TestDatabase): string => new URL(adminUrl).pathname.slice(1);

beforeAll(async () => {
  service = await kitDatabase();
  other = await testDatabase();
  verifier = await verifierDatabase([service, other]);
  inService = new Client({ connectionString: service.adminUrl });
  inOther = new Client({ connectionString: other.adminUrl });
  await Promise.all([inService.connect(), inOther.connect()]);
});

afterAll(async () => {
  await Promise.all([inService.end(), inOther.end()]);
  await service.drop();
  await other.drop();
  await verifier.drop();
});

/** As its purge has left it: the service has buried the tenant. */
beforeEach(async () => {
  tenantId = newId();
  await inService.query('INSERT INTO tenantry.tombstone (tenant_id, generation) VALUES ($1, 3)', [tenantId]);
});

/** What others on the server write meanwhile is none of the test's. */
const LIMITS = { statementTimeoutMs: 20_000, lockTimeoutMs: 200, writersTimeoutMs: 500 };

const handler = (options: Partial<VerificationHandlerOptions> = {}) =>
  createVerificationHandler({
    targets: [{ cluster: 'default', url: verifier.scanUrl }],
    scope: databaseScope(verifier.scope),
    tenantColumns: ['tenant_id'],
    limits: LIMITS,
    databasesAtOnce: 2,
    logger,
    ...options,
  });

function verify(
  options: Partial<VerificationHandlerOptions> = {},
  request: Partial<ParticipantRequest> = {},
  type: RequestType = 'tenant.verification_requested.v1',
  by: WorkControl = control,
): Promise<WorkResult> {
  const full: ParticipantRequest = {
    operationId: newId(),
    generation: 3,
    attempt: 1,
    participants: ['verifier'],
    desired: 'purged',
    placements: [{ store: 'primary', isolation: 'pooled', cluster: 'default', database: null, schema: null }],
    ...request,
  };
  const { operationId, generation, attempt } = full;
  return handler(options)({ tenantId, operationId, generation, attempt, type, request: full }, by);
}

async function refused(options?: Partial<VerificationHandlerOptions>): Promise<{
  message: string;
  retryable: boolean;
  evidence: ScanEvidence;
}> {
  const error = await verify(options).then(
    ({ evidence }) => expect(evidence).toBe('a refusal'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof VerificationFailed) || !error.evidence) throw error;
  expect(error.evidence.clean).toBe(false);
  return { message: error.message, retryable: error.retryable, evidence: error.evidence };
}

/** Plants something, has it found, takes it away again, and has the scan pass. */
async function foundAndGone(
  client: Client,
  plant: string,
  remove: string,
  words: readonly string[],
  options?: Partial<VerificationHandlerOptions>,
): Promise<ScanEvidence> {
  await client.query(plant);
  let evidence: ScanEvidence;
  try {
    const refusal = await refused(options);
    for (const word of words) expect(refusal.message).toContain(word);
    expect(refusal).toMatchObject({
      retryable: false,
      message: expect.stringMatching(/^Something of the tenant is left: /),
    });
    evidence = refusal.evidence;
  } finally {
    await client.query(remove);
  }
  expect((await verify(options)).evidence).toMatchObject({ clean: true });
  return evidence;
}

describe('a tenant of which nothing is left', () => {
  it('is seen to be gone, with counts of what was looked at and what stays', async () => {
    await inService.query(
      `INSERT INTO tenantry.consumer_position (grp, tenant_id, last_seq) VALUES ('example', '${tenantId}', 4)`,
    );
    const { evidence } = await verify();
    expect(evidence).toMatchObject({
      clean: true,
      databasesScanned: 3,
      remains: { 'tenantry.tombstone': 1, 'tenantry.consumer_position': 1 },
      roles: [],
      namedDatabases: [],
      unscannable: [],
    });
    const { databases, tablesScanned, notScanned, scannedAt } = evidence as unknown as ScanEvidence;
    expect(databases.map(({ database }) => database).sort()).toEqual([...verifier.scope].sort());
    const inServiceDatabase = databases.find(({ database }) => database === nameOf(service));
    // Its own three, and of the kit those that have the column.
    expect(inServiceDatabase?.tablesScanned).toBeGreaterThan(3);
    expect(tablesScanned).toBe(databases.reduce((sum, one) => sum + one.tablesScanned, 0));
    expect(notScanned).toContainEqual({
      cluster: 'default',
      database: 'template0',
      reason: 'a template that lets nobody in',
    });
    expect(notScanned).toContainEqual({
      cluster: 'default',
      database: 'postgres',
      reason: 'outside of the scope',
    });
    expect(Math.abs(Date.parse(scannedAt) - Date.now())).toBeLessThan(60_000);
  });

  it('may be in each table of the kit’s bookkeeping, and in no other', async () => {
    const { rows } = await inService.query<{ schema: string; table: string }>(
      `SELECT table_schema AS schema, table_name AS "table" FROM information_schema.columns
       WHERE table_schema = 'tenantry' AND column_name = 'tenant_id' AND table_name NOT IN ('fence', 'provisioned') ORDER BY 2`,
    );
    const values = {
      answer: `VALUES ($1, gen_random_uuid(), 3, 1, '{}')`,
      consumer_position: `(tenant_id, grp, last_seq) VALUES ($1, 'example', 4)`,
      inbox: `(tenant_id, operation_id, generation, attempt, type, payload) VALUES ($1, gen_random_uuid(), 3, 1, 'x', '{}')`,
      parked_fact: `(tenant_id, grp, tenant_seq, event_id, type) VALUES ($1, 'example', 1, 'x', 'x')`,
      recovery: `(tenant_id, grp, request_id, kind, tenant_seq, generation, attempt) VALUES ($1, 'example', $1, 'skip', 1, 3, 1)`,
      route_snapshot: `VALUES ($1, 1, 1, '{}')`,
      support_action: `VALUES ($1, $1, $1, 'x', 'x', 'read', 'x', now() + interval '1 h', now(), 'x', '7')`,
      tombstone: '(tenant_id, generation) VALUES ($1, 3) ON CONFLICT DO NOTHING',
    };
    expect(rows.map(({ table }) => table)).toEqual(Object.keys(values));
    for (const [table, text] of Object.entries(values))
      await inService.query(`INSERT INTO tenantry.${table} ${text}`, [tenantId]);
    const remains = Object.fromEntries(Object.keys(values).map((table) => [`tenantry.${table}`, 1]));
    expect((await verify()).evidence).toMatchObject({ clean: true, remains });
  });

  it('is the state after the kit’s own purge, in both isolation models', async () => {
    const pool = databasePool({
      url: service.provisionerUrl,
      max: 1,
      applicationName: 'spec',
      queryTimeoutMs: 20_000,
      onLost: () => undefined,
    });
    const work = createRequestHandler({ service: EXAMPLE_SERVICE, pool, logger });
    for (const isolation of ['pooled', 'schema'] as const) {
      tenantId = newId();
      const ask = async (type: RequestType, generation: number, desired: 'active' | 'purged') => {
        const operationId = newId();
        const placements = [
          { store: 'primary', isolation, cluster: 'default', database: null, schema: null },
        ];
        const request = {
          operationId,
          generation,
          attempt: 1,
          participants: ['example'],
          desired,
          placements,
        };
        await work({ tenantId, operationId, generation, attempt: 1, type, request }, control);
      };
      await ask('tenant.provisioning_requested.v1', 1, 'active');
      const schema = isolation === 'schema' ? tenantSchemaName(tenantId, 'primary') : 'pooled_primary';
      expect((await refused()).message).toContain(`2 rows in ${schema}.label of default/${nameOf(service)}`);
      await ask('tenant.purge_requested.v1', 3, 'purged');
      expect((await verify()).evidence).toMatchObject({ clean: true, remains: { 'tenantry.tombstone': 1 } });
    }
    await pool.end();
  });
});

describe('a remnant', () => {
  it('is found in a pooled table, behind its row security', async () => {
    const evidence = await foundAndGone(
      inService,
      `INSERT INTO pooled_primary.label (tenant_id, name) VALUES ('${tenantId}', 'a'), ('${tenantId}', 'b'), ('${newId()}', 'c')`,
      'DELETE FROM pooled_primary.label',
      [`2 rows in pooled_primary.label of default/${nameOf(service)}`],
    );
    expect(evidence.databases[0]).toMatchObject({
      cluster: 'default',
      database: nameOf(service),
      tables: [{ schema: 'pooled_primary', table: 'label', rows: 2 }],
    });
  });

  it('is found in a forgotten table of another database, which the provisioner does not see', async () => {
    await foundAndGone(
      inOther,
      `CREATE TABLE public.forgotten (tenant_id uuid, note text); INSERT INTO public.forgotten VALUES ('${tenantId}', 'x')`,
      'DROP TABLE public.forgotten',
      [`1 rows in public.forgotten of default/${nameOf(other)}`],
    );
  });

  it.each([
    [
      'a schema of an unexpected name',
      'CREATE SCHEMA "Odd ""one"; CREATE TABLE "Odd ""one"."T a" (tenant_id uuid)',
      '"Odd ""one"."T a"',
      'DROP SCHEMA "Odd ""one" CASCADE',
    ],
    [
      'upper case in a text column',
      'CREATE TABLE upper_case (tenant_id text)',
      'upper_case',
      'DROP TABLE upper_case',
    ],
    ['a column of another spelling', 'CREATE TABLE spelt ("TenantId" uuid)', 'spelt', 'DROP TABLE spelt'],
    ['a list of tenants', 'CREATE TABLE listed (tenant_id uuid[])', 'listed', 'DROP TABLE listed'],
    ['JSON', 'CREATE TABLE in_json (tenant_id jsonb)', 'in_json', 'DROP TABLE in_json'],
    ['bytes', 'CREATE TABLE in_bytes (tenant_id bytea)', 'in_bytes', 'DROP TABLE in_bytes'],
    [
      'a type that says something else when it is cast',
      `CREATE TYPE sly AS (id text);
       CREATE FUNCTION silent(sly) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT '' $$;
       CREATE CAST (sly AS text) WITH FUNCTION silent(sly); CREATE TABLE of_sly (tenant_id sly)`,
      'of_sly',
      'DROP TYPE sly CASCADE; DROP TABLE of_sly',
    ],
    [
      'a domain',
      'CREATE DOMAIN tenant AS uuid; CREATE TABLE of_domain (tenant_id tenant)',
      'of_domain',
      'DROP TABLE of_domain; DROP DOMAIN tenant',
    ],
    [
      'a partition',
      'CREATE TABLE parted (tenant_id uuid, n int) PARTITION BY LIST (n); CREATE TABLE part PARTITION OF parted DEFAULT',
      'part',
      'DROP TABLE parted',
    ],
    [
      'a table that inherits',
      'CREATE TABLE parent (tenant_id uuid); CREATE TABLE child () INHERITS (parent)',
      'child',
      'DROP TABLE parent CASCADE',
    ],
    [
      'the schema of the kit, in a table that is none of the kit’s',
      'CREATE SCHEMA tenantry; CREATE TABLE tenantry.copy (tenant_id uuid)',
      'tenantry.copy',
      'DROP SCHEMA tenantry CASCADE',
    ],
  ])('is found in %s', async (what, create, table, remove) => {
    const written: Record<string, string> = {
      'upper case in a text column': `'${tenantId.toUpperCase()}'`,
      'a list of tenants': `ARRAY['${newId()}', '${tenantId}']::uuid[]`,
      JSON: `'{"id": "${tenantId}"}'`,
      'a type that says something else when it is cast': `ROW('${tenantId}')::sly`,
      bytes: `'\\x${tenantId.replaceAll('-', '')}'`,
    };
    const plant = `${create}; INSERT INTO ${table} SELECT ${written[what] ?? `'${tenantId}'`}`;
    await foundAndGone(inOther, plant, remove, [`1 rows in `, ` of default/${nameOf(other)}`]);
  });

  it('is found in a materialized view that outlived its rows', async () => {
    await foundAndGone(
      inOther,
      `CREATE TABLE source (tenant_id uuid); INSERT INTO source VALUES ('${tenantId}');
       CREATE MATERIALIZED VIEW kept AS SELECT * FROM source; TRUNCATE source;
       CREATE MATERIALIZED VIEW never_filled AS SELECT * FROM source WITH NO DATA`,
      'DROP TABLE source CASCADE',
      ['1 rows in public.kept'],
    );
  });

  it('is found under another tenant column, where one is configured', async () => {
    await foundAndGone(
      inOther,
      `CREATE TABLE accounts (account_id uuid); INSERT INTO accounts VALUES ('${tenantId}')`,
      'DROP TABLE accounts',
      ['1 rows in public.accounts'],
      { tenantColumns: ['tenant_id', 'accountId'] },
    );
  });

  it('is a schema, a table, a role or a database that is named for the tenant', async () => {
    const name = tenantSchemaName(tenantId, 'primary');
    const evidence = await foundAndGone(
      inOther,
      `CREATE SCHEMA ${name}_old; CREATE TABLE ${name}_old.anything (n int); INSERT INTO ${name}_old.anything VALUES (1), (2)`,
      `DROP SCHEMA ${name}_old CASCADE`,
      [`schema ${name}_old of default/${nameOf(other)}`, `2 rows in ${name}_old.anything`],
    );
    expect(evidence.databases[0]?.schemas).toEqual([`${name}_old`]);
    await foundAndGone(inOther, `CREATE TABLE copy_${name} (n int)`, `DROP TABLE copy_${name}`, [
      `0 rows in public.copy_${name}`,
    ]);
    await foundAndGone(inOther, `CREATE ROLE ${name}`, `DROP ROLE ${name}`, [`role ${name} of default`]);
    await foundAndGone(
      inOther,
      `CREATE DATABASE ${name} TEMPLATE template0`,
      `DROP DATABASE ${name} WITH (FORCE)`,
      [`database default/${name}`],
    );
  });

  it('is found in a template that lets others in', async () => {
    const name = nameOf(other);
    await foundAndGone(
      inOther,
      `CREATE TABLE in_template AS SELECT '${tenantId}'::uuid AS tenant_id; ALTER DATABASE ${name} IS_TEMPLATE true`,
      `DROP TABLE in_template; ALTER DATABASE ${name} IS_TEMPLATE false`,
      [`1 rows in public.in_template of default/${name}`],
    );
  });

  it('is found in bytes, however the database writes them', async () => {
    const name = nameOf(other);
    await foundAndGone(
      inOther,
      `CREATE TABLE escaped (tenant_id bytea); INSERT INTO escaped VALUES ('\\x${tenantId.replaceAll('-', '')}');
       ALTER DATABASE ${name} SET bytea_output = 'escape'`,
      `DROP TABLE escaped; ALTER DATABASE ${name} RESET bytea_output`,
      [`1 rows in public.escaped of default/${name}`],
    );
  });

  it('is anything else that is named for the tenant', async () => {
    const name = tenantSchemaName(tenantId, 'primary');
    const where = `of default/${nameOf(other)}`;
    const evidence = await foundAndGone(
      inOther,
      `CREATE SEQUENCE ${name}_a; CREATE TYPE ${name}_b AS ENUM ('x'); CREATE TYPE ${name}_c AS (n int); CREATE DOMAIN ${name}_d AS text;
       CREATE FUNCTION ${name}_e() RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$; CREATE VIEW ${name}_f AS SELECT 1 AS n;
       CREATE MATERIALIZED VIEW ${name}_g AS SELECT 1 AS n WITH NO DATA; CREATE PUBLICATION ${name}_h;
       CREATE FOREIGN DATA WRAPPER plain; CREATE SERVER ${name}_i FOREIGN DATA WRAPPER plain;
       CREATE TABLE plain (n int, ${name}_j int); CREATE INDEX ${name}_k ON plain (n); ALTER TABLE plain ADD CONSTRAINT ${name}_l CHECK (n > 0);
       CREATE POLICY ${name}_m ON plain; CREATE TYPE state AS ENUM ('${tenantId}')`,
      `DROP SEQUENCE ${name}_a; DROP TYPE ${name}_b, ${name}_c, state; DROP DOMAIN ${name}_d; DROP FUNCTION ${name}_e; DROP VIEW ${name}_f;
       DROP MATERIALIZED VIEW ${name}_g; DROP PUBLICATION ${name}_h; DROP FOREIGN DATA WRAPPER plain CASCADE; DROP TABLE plain`,
      [`view public.${name}_f ${where}`, `server ${name}_i ${where}`],
    );
    expect(evidence.databases[0]?.objects).toEqual([
      `column public.plain.${name}_j`,
      `constraint public.plain.${name}_l`,
      `function public.${name}_e`,
      `index public.plain.${name}_k`,
      `materialized view public.${name}_g`,
      `policy public.plain.${name}_m`,
      `publication ${name}_h`,
      `sequence public.${name}_a`,
      `server ${name}_i`,
      `type public.${name}_b`,
      `type public.${name}_c`,
      `type public.${name}_d`,
      `value of an enumeration public.state.${tenantId}`,
      `view public.${name}_f`,
    ]);
  });

  it('is a replication slot that is named for the tenant', async () => {
    const name = tenantSchemaName(tenantId, 'primary');
    await foundAndGone(
      inOther,
      `SELECT pg_create_physical_replication_slot('${name}')`,
      `SELECT pg_drop_replication_slot('${name}')`,
      [`replication slot ${name} of default`],
    );
  });

  it.each([
    ['nobody has installed the kit', 'CREATE SCHEMA tenantry'],
    [
      'the kit’s record is another’s',
      `CREATE SCHEMA tenantry; CREATE TABLE tenantry.migration (name text, checksum text, applied_at timestamptz);
       INSERT INTO tenantry.migration VALUES ('kit-0001-bookkeeping')`,
    ],
    [
      'it has columns that are not the kit’s',
      `CREATE SCHEMA tenantry; CREATE TABLE tenantry.migration (name text, checksum text, applied_at timestamptz);
       INSERT INTO tenantry.migration VALUES ('consumer-0001-bookkeeping')`,
    ],
  ])('is a table that is only called like the kit’s bookkeeping: %s', async (_what, create) => {
    await foundAndGone(
      inOther,
      `${create}; CREATE TABLE tenantry.answer (tenant_id uuid, customer text); INSERT INTO tenantry.answer VALUES ('${tenantId}', 'x')`,
      'DROP SCHEMA tenantry CASCADE',
      [`1 rows in tenantry.answer of default/${nameOf(other)}`],
    );
  });

  it('is the kit’s fence or marker, which a purge removes', async () => {
    await foundAndGone(
      inService,
      `INSERT INTO tenantry.fence (tenant_id, generation, access) VALUES ('${tenantId}', 1, 'frozen')`,
      'DELETE FROM tenantry.fence',
      ['1 rows in tenantry.fence'],
    );
  });

  it('is named with as many others as there is room for', async () => {
    const names = Array.from({ length: 120 }, (_, index) => `a_rather_long_name_of_a_table_${index}`);
    await inOther.query(
      names.map((name) => `CREATE TABLE ${name} AS SELECT '${tenantId}'::uuid AS tenant_id;`).join('\n'),
    );
    const { message, evidence } = await refused();
    await inOther.query(`DROP TABLE ${names.join(', ')}`);
    expect(message).toHaveLength(2000);
    expect(message).toMatch(/ …$/);
    expect(evidence.databases[0]?.tables).toHaveLength(120);
  });
});

describe('what cannot be looked at', () => {
  const unknown = { retryable: true, message: expect.stringMatching(/^Not everything could be scanned: /) };

  it('is never taken for clean: a locked table', async () => {
    await inOther.query('CREATE TABLE locked (tenant_id uuid)');
    await inOther.query('BEGIN; LOCK TABLE locked');
    const refusal = await refused();
    await inOther.query('COMMIT');
    await inOther.query('DROP TABLE locked');
    expect(refusal).toMatchObject(unknown);
    expect(refusal.message).toContain(`public.locked of default/${nameOf(other)} (somebody keeps it locked)`);
    expect(refusal.evidence.unscannable).toEqual([
      {
        cluster: 'default',
        database: nameOf(other),
        schema: 'public',
        table: 'locked',
        reason: 'somebody keeps it locked',
      },
      // Who locks a table for itself alone counts as one who writes.
      { cluster: 'default', database: nameOf(other), reason: expect.stringContaining('is not finished') },
    ]);
  });

  it('is never taken for clean: a table that takes too long', async () => {
    await inOther.query('CREATE TABLE long (tenant_id uuid)');
    await inOther.query('BEGIN; LOCK TABLE long');
    const refusal = await refused({ limits: { ...LIMITS, statementTimeoutMs: 1500, lockTimeoutMs: 15_000 } });
    await inOther.query('COMMIT');
    await inOther.query('DROP TABLE long');
    expect(refusal).toMatchObject(unknown);
    expect(refusal.message).toContain(`public.long of default/${nameOf(other)} (counting took too long)`);
  });

  it('is never taken for clean: a foreign table whose server is away', async () => {
    await inOther.query(
      `CREATE EXTENSION postgres_fdw;
       CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1');
       CREATE USER MAPPING FOR PUBLIC SERVER away OPTIONS (user 'x', password 'x');
       CREATE FOREIGN TABLE far (tenant_id uuid) SERVER away`,
    );
    const refusal = await refused();
    await inOther.query('DROP EXTENSION postgres_fdw CASCADE');
    expect(refusal).toMatchObject(unknown);
    expect(refusal.message).toContain('public.far');
  });

  it('is never taken for clean: a temporary table of somebody’s session', async () => {
    await inOther.query('CREATE TEMP TABLE mine (tenant_id uuid)');
    const refusal = await refused();
    await inOther.query('DROP TABLE mine');
    expect(refusal).toMatchObject(unknown);
    expect(refusal.message).toContain('a temporary table of another session');
  });

  it('is never taken for clean: a database that lets the scan not in', async () => {
    const closed = await testDatabase();
    await inOther.query(`REVOKE CONNECT ON DATABASE ${nameOf(closed)} FROM PUBLIC`);
    const refusal = await refused({ scope: databaseScope([...verifier.scope, nameOf(closed)]) });
    await closed.drop();
    expect(refusal).toMatchObject(unknown);
    expect(refusal.message).toContain(`default/${nameOf(closed)} (the scan may not connect to it`);
  });

  it('is never taken for clean: a server that is away, or that nobody told of', async () => {
    const away = { cluster: 'away', url: 'postgres://scan:x@127.0.0.1:1/postgres' };
    const refusal = await refused({ targets: [{ cluster: 'default', url: verifier.scanUrl }, away] });
    expect(refusal).toMatchObject(unknown);
    expect(refusal.message).toContain('cluster away (it cannot be reached: ');
    // What was seen elsewhere is in the evidence all the same.
    expect(refusal.evidence.databasesScanned).toBe(3);

    const placed = {
      store: 'primary',
      isolation: 'pooled',
      cluster: 'unknown',
      database: null,
      schema: null,
    } as const;
    await expect(verify({}, { placements: [placed] })).rejects.toMatchObject({
      retryable: true,
      message: expect.stringContaining(
        'cluster unknown (the tenant was placed on it, and the scan has no login',
      ),
    });
  });

  it('is never taken for clean: no database at all', async () => {
    const refusal = await refused({ scope: databaseScope(['!*']) });
    expect(refusal).toMatchObject(unknown);
    expect(refusal.message).toContain('none of its databases is in the scope');
  });

  it('is never taken for clean: a database that the tenant was placed in, outside of the scope', async () => {
    const placed = {
      store: 'primary',
      isolation: 'database',
      cluster: 'default',
      database: nameOf(service),
      schema: null,
    } as const;
    const scope = databaseScope([nameOf(other)]);
    await expect(verify({ scope }, { placements: [placed] })).rejects.toMatchObject({
      ...unknown,
      message: expect.stringContaining(
        `default/${nameOf(service)} (the tenant was placed in it, and the scope leaves it out)`,
      ),
    });
    expect((await verify({}, { placements: [placed] })).evidence).toMatchObject({ clean: true });
  });

  it('is never taken for clean: wherever else the service’s own database may be', async () => {
    const lost = expect.stringContaining('where the tenant lived was not looked at');
    const scope = databaseScope([nameOf(other)]);
    expect(await refused({ scope })).toMatchObject({ ...unknown, message: lost });
    // The tombstone of an earlier purge is of an earlier copy.
    await inService.query('UPDATE tenantry.tombstone SET generation = 2 WHERE tenant_id = $1', [tenantId]);
    expect(await refused()).toMatchObject({ ...unknown, message: lost });
    await inService.query('DELETE FROM tenantry.tombstone WHERE tenant_id = $1', [tenantId]);
    expect(await refused()).toMatchObject({ ...unknown, message: lost });
    await inService.query('INSERT INTO tenantry.tombstone (tenant_id, generation) VALUES ($1, 4)', [
      tenantId,
    ]);
    expect((await verify()).evidence).toMatchObject({ clean: true });
  });

  it('is never taken for clean: what a transaction has written and not committed', async () => {
    await inOther.query('CREATE TABLE written (tenant_id uuid)');
    await inOther.query(`BEGIN; INSERT INTO written VALUES ('${tenantId}')`);
    const refusal = await refused().finally(() => inOther.query('ROLLBACK; DROP TABLE written'));
    expect(refusal).toMatchObject(unknown);
    expect(refusal.message).toContain(
      `default/${nameOf(other)} (a transaction that had written before the scan is not finished`,
    );
  });

  it('stands beside what was found, which is final', async () => {
    await inOther.query(
      `CREATE TABLE forgotten AS SELECT '${tenantId}'::uuid AS tenant_id; CREATE TEMP TABLE mine (tenant_id uuid)`,
    );
    const refusal = await refused();
    await inOther.query('DROP TABLE mine, forgotten');
    expect(refusal.retryable).toBe(false);
    expect(refusal.message).toMatch(
      /^Something of the tenant is left: .*forgotten.* Not everything could be scanned: /,
    );
  });
});

/** The scan has its list by the time that it waits for the first table. */
async function waitsFor(table: string, database: TestDatabase = other): Promise<void> {
  const admin = new Client({ connectionString: database.adminUrl });
  await admin.connect();
  await waitFor(`the scan to wait for ${table}`, async () => {
    const { rowCount } = await admin.query(
      'SELECT FROM pg_locks WHERE NOT granted AND relation = $1::regclass',
      [table],
    );
    return rowCount === 1;
  });
  await admin.end();
}

describe('a scan', () => {
  it('sees what a table holds that is rewritten meanwhile, whatever the login’s isolation', async () => {
    const isolation = (value: string) =>
      inOther.query(`ALTER ROLE ${verifier.scanLogin} SET default_transaction_isolation = '${value}'`);
    await isolation('repeatable read');
    await inOther.query(`CREATE TABLE rewritten AS SELECT '${tenantId}'::uuid AS tenant_id, 1 AS n`);
    await inOther.query('BEGIN; ALTER TABLE rewritten ALTER COLUMN n TYPE bigint');
    const scan = refused({ limits: { ...LIMITS, lockTimeoutMs: 15_000 } });
    await waitsFor('rewritten');
    await inOther.query('COMMIT');
    const { message } = await scan.finally(() => isolation('read committed'));
    await inOther.query('DROP TABLE rewritten');
    expect(message).toContain('1 rows in public.rewritten');
  });

  it('waits for a transaction that has written, and sees what it commits; others’ databases it leaves alone', async () => {
    await inOther.query('CREATE TABLE written (tenant_id uuid)');
    const scope = databaseScope([nameOf(service), nameOf(other)]);
    const limits = { ...LIMITS, writersTimeoutMs: 20_000 };
    await inOther.query(`BEGIN; INSERT INTO written VALUES ('${tenantId}')`);
    const elsewhere = await verify({ scope: databaseScope([nameOf(service)]), limits });
    expect(elsewhere.evidence).toMatchObject({ clean: true });
    const scan = refused({ scope, limits });
    await waitFor('the scan to wait for it', async () => {
      const { rowCount } = await inService.query(
        `SELECT FROM pg_stat_activity WHERE usename = $1 AND datname = $2 AND query LIKE '%transactionid::text = ANY%'`,
        [verifier.scanLogin, nameOf(other)],
      );
      return rowCount === 1;
    });
    await inOther.query('COMMIT');
    const { message } = await scan;
    await inOther.query('DROP TABLE written');
    expect(message).toMatch(/^Something of the tenant is left: 1 rows in public\.written of [^,]*\.$/);
  });

  it('is told, and not shown less, when its login loses the right to see past row security', async () => {
    await inService.query(
      `INSERT INTO pooled_primary.label (tenant_id, name) VALUES ('${tenantId}', 'hidden')`,
    );
    await inService.query('BEGIN; LOCK TABLE pooled_primary.attachment');
    const limits = { ...LIMITS, lockTimeoutMs: 15_000 };
    const scan = refused({ limits, scope: databaseScope([nameOf(service)]) });
    await waitsFor('pooled_primary.attachment', service);
    try {
      await inOther.query(`ALTER ROLE ${verifier.scanLogin} NOBYPASSRLS`);
      await inService.query('COMMIT');
      const { retryable, message } = await scan;
      expect(retryable).toBe(true);
      expect(message).toContain('pooled_primary.label of ');
      expect(message).toContain('(it may not be read, or row security would hide rows)');
    } finally {
      await inOther.query(`ALTER ROLE ${verifier.scanLogin} BYPASSRLS`);
      await inService.query('DELETE FROM pooled_primary.label');
    }
  });

  it('does not take one database for another that got its name', async () => {
    const extra = await testDatabase();
    const [first, second] = [other, extra].toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    const name = nameOf(second!);
    const inFirst = new Client({ connectionString: first!.adminUrl });
    await inFirst.connect();
    await inFirst.query('CREATE TABLE held (tenant_id uuid)');
    await inFirst.query('BEGIN; LOCK TABLE held');
    const scan = refused({
      databasesAtOnce: 1,
      scope: databaseScope([nameOf(first!), name]),
      limits: { ...LIMITS, lockTimeoutMs: 15_000 },
    });
    try {
      await waitFor('the scan to wait', async () => {
        const { rowCount } = await inService.query(
          'SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE NOT l.granted AND d.datname = $1',
          [nameOf(first!)],
        );
        return rowCount === 1;
      });
      if (second === other) await inOther.end();
      await inService.query(`ALTER DATABASE ${name} RENAME TO ${name}_before`);
      await inService.query(`CREATE DATABASE ${name} TEMPLATE template0`);
      await inFirst.query('COMMIT');
      await inFirst.query('DROP TABLE held');
      expect((await scan).message).toContain(
        `default/${name} (it cannot be reached: another database has taken its name)`,
      );
    } finally {
      await inFirst.end();
      await inService.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await inService.query(`ALTER DATABASE ${name}_before RENAME TO ${name}`);
      if (second === other) {
        inOther = new Client({ connectionString: other.adminUrl });
        await inOther.connect();
      }
      await extra.drop();
    }
  });

  it('follows a table that is renamed meanwhile, and forgets one that is dropped', async () => {
    await inOther.query(
      `CREATE TABLE a_first (tenant_id uuid); CREATE TABLE b_dropped AS SELECT '${tenantId}'::uuid AS tenant_id;
       CREATE TABLE c_renamed AS SELECT '${tenantId}'::uuid AS tenant_id`,
    );
    await inOther.query('BEGIN; LOCK TABLE a_first');
    const limits = { ...LIMITS, lockTimeoutMs: 15_000 };
    const scan = refused({ limits });
    await waitsFor('a_first');
    const admin = new Client({ connectionString: other.adminUrl });
    await admin.connect();
    await admin.query('DROP TABLE b_dropped; ALTER TABLE c_renamed RENAME TO d_present');
    await admin.end();
    await inOther.query('COMMIT');
    const { message } = await scan;
    await inOther.query('DROP TABLE a_first, d_present');
    expect(message).toMatch(
      /^Something of the tenant is left: 1 rows in public\.c_renamed of [^,]*\. Not everything could be scanned: [^,]*is not finished[^,]*$/,
    );
  });

  it('is given up at once when it is told to end, also while it waits', async () => {
    await inOther.query('CREATE TABLE held (tenant_id uuid)');
    await inOther.query('BEGIN; LOCK TABLE held');
    const aborting = new AbortController();
    const limits = { ...LIMITS, statementTimeoutMs: 600_000, lockTimeoutMs: 600_000 };
    const scan = verify({ limits }, {}, undefined, { ...control, signal: aborting.signal });
    const end = expect(scan).rejects.toThrow('told to end');
    await waitsFor('held');
    aborting.abort(new Error('told to end'));
    await end;
    await inOther.query('COMMIT');
    await inOther.query('DROP TABLE held');
  });

  it('does nothing else, whatever it is asked for', async () => {
    await expect(verify({}, {}, 'tenant.purge_requested.v1')).rejects.toMatchObject({
      retryable: false,
      message: expect.stringContaining('it can neither make nor destroy'),
    });
  });
});

describe('the login that scans', () => {
  it.each([
    ['a table', 'GRANT INSERT ON target TO $', 'it may INSERT on table public.target'],
    ['a column', 'GRANT UPDATE (n) ON target TO $', 'it may UPDATE on column n of table public.target'],
    [
      'a sequence',
      'GRANT USAGE ON SEQUENCE target_n_seq TO $',
      'it may USAGE on sequence public.target_n_seq',
    ],
    ['a schema', 'GRANT CREATE ON SCHEMA public TO $', 'it may CREATE on schema public'],
    [
      'a function',
      'GRANT EXECUTE ON FUNCTION pg_reload_conf() TO $',
      'it may EXECUTE on function pg_reload_conf()',
    ],
    [
      'what is made later',
      'ALTER DEFAULT PRIVILEGES GRANT DELETE ON TABLES TO $',
      'it may DELETE on whatever is made later',
    ],
    ['its group', 'GRANT TRUNCATE ON target TO tenantry_scan', 'it may TRUNCATE on table public.target'],
    [
      'others',
      'GRANT SELECT ON target TO $ WITH GRANT OPTION',
      'it may SELECT (and pass it on) on table public.target',
    ],
  ])('is not fit when it may write by a right on %s', async (_what, grant, words) => {
    const login = escapeIdentifier(verifier.scanLogin);
    await inOther.query('CREATE TABLE target (n serial)');
    try {
      await inOther.query(grant.replace('$', login));
      const { message, retryable } = await refused();
      expect(message).toContain(
        `The login ${verifier.scanLogin} of cluster default is not fit to scan: ${words}.`,
      );
      expect(retryable).toBe(true);
    } finally {
      await inOther.query('DROP TABLE target');
      await inOther.query(
        `REVOKE CREATE ON SCHEMA public FROM ${login}; REVOKE EXECUTE ON FUNCTION pg_reload_conf() FROM ${login};
         ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM ${login}`,
      );
    }
    expect((await verify()).evidence).toMatchObject({ clean: true });
  });

  it('is not fit where it owns something in a database that is not looked at', async () => {
    const elsewhere = await testDatabase();
    const client = new Client({ connectionString: elsewhere.adminUrl });
    await client.connect();
    await client.query(`CREATE TABLE mine (n int); ALTER TABLE mine OWNER TO ${verifier.scanLogin}`);
    await client.end();
    const { message } = await refused().finally(() => elsewhere.drop());
    expect(message).toContain(`it owns something in database ${nameOf(elsewhere)}`);
  });

  it('is said, once for each database, to write what everybody may write', async () => {
    const said: unknown[] = [];
    const verifies = handler({
      logger: { ...logger, warn: (...words: unknown[]) => void said.push(words[0]) },
    });
    for (let scans = 0; scans < 2; scans += 1) {
      const request: ParticipantRequest = {
        operationId: newId(),
        generation: 3,
        attempt: 1,
        participants: ['verifier'],
        desired: 'purged',
        placements: [],
      };
      const type = 'tenant.verification_requested.v1';
      await verifies({ ...request, tenantId, type, request }, control);
    }
    expect(said).toContainEqual({
      cluster: 'default',
      database: nameOf(other),
      rights: [
        expect.stringContaining('PUBLIC may make temporary tables'),
        expect.stringContaining('PUBLIC may write large objects'),
      ],
    });
    // The kit's installation has closed both in the service's.
    expect(said).toHaveLength(2);
    expect(said).not.toContainEqual(expect.objectContaining({ database: nameOf(service) }));
  });

  it('can write nowhere, whatever the session says about itself', async () => {
    let tables = 0;
    for (const database of [service, other, verifier]) {
      const admin = new Client({ connectionString: database.adminUrl });
      const url = new URL(verifier.scanUrl);
      url.pathname = new URL(database.adminUrl).pathname;
      const scan = new Client({ connectionString: url.href });
      await Promise.all([admin.connect(), scan.connect()]);
      await expect(scan.query('CREATE TABLE public.mine (n int)')).rejects.toMatchObject({ code: '25006' });
      await scan.query('SET default_transaction_read_only = off');
      const { rows } = await admin.query<{ schema: string; table: string; column: string }>(
        `SELECT n.nspname AS schema, c.relname AS "table", a.attname AS "column"
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN LATERAL (SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attidentity = '' AND attgenerated = '' LIMIT 1) a ON true
         WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('information_schema')
           AND NOT (n.nspname = 'pg_catalog' AND c.relname = 'pg_settings')`,
      );
      for (const { schema, table, column } of rows) {
        const name = `${escapeIdentifier(schema)}.${escapeIdentifier(table)}`;
        const quoted = escapeIdentifier(column);
        for (const write of [
          `INSERT INTO ${name} DEFAULT VALUES`,
          `UPDATE ${name} SET ${quoted} = ${quoted}`,
          `DELETE FROM ${name}`,
          `TRUNCATE ${name}`,
        ])
          await expect(scan.query(write)).rejects.toMatchObject({ code: '42501' });
        tables += 1;
      }
      for (const make of ['CREATE SCHEMA mine', 'CREATE TABLE public.mine (n int)', 'CREATE ROLE mine'])
        await expect(scan.query(make)).rejects.toMatchObject({ code: '42501' });
      await Promise.all([admin.end(), scan.end()]);
    }
    expect(tables).toBeGreaterThan(200);
  });
});
