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

beforeEach(() => {
  tenantId = newId();
});

const handler = (options: Partial<VerificationHandlerOptions> = {}) =>
  createVerificationHandler({
    targets: [{ cluster: 'default', url: verifier.scanUrl }],
    scope: databaseScope(verifier.scope),
    tenantColumns: ['tenant_id'],
    limits: { statementTimeoutMs: 20_000, lockTimeoutMs: 200 },
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
    await inService.query(`INSERT INTO tenantry.tombstone (tenant_id, generation) VALUES ('${tenantId}', 2)`);
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
    expect(notScanned).toContainEqual({ cluster: 'default', database: 'template1', reason: 'a template' });
    expect(notScanned).toContainEqual({
      cluster: 'default',
      database: 'postgres',
      reason: 'outside of the scope',
    });
    expect(Math.abs(Date.parse(scannedAt) - Date.now())).toBeLessThan(60_000);
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
      await ask('tenant.purge_requested.v1', 2, 'purged');
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
    ]);
  });

  it('is never taken for clean: a table that takes too long', async () => {
    await inOther.query('CREATE TABLE long (tenant_id uuid)');
    await inOther.query('BEGIN; LOCK TABLE long');
    const refusal = await refused({ limits: { statementTimeoutMs: 1500, lockTimeoutMs: 15_000 } });
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
    const scan = refused({ limits: { statementTimeoutMs: 20_000, lockTimeoutMs: 15_000 } });
    await waitsFor('rewritten');
    await inOther.query('COMMIT');
    const { message } = await scan.finally(() => isolation('read committed'));
    await inOther.query('DROP TABLE rewritten');
    expect(message).toContain('1 rows in public.rewritten');
  });

  it('is told, and not shown less, when its login loses the right to see past row security', async () => {
    await inService.query(
      `INSERT INTO pooled_primary.label (tenant_id, name) VALUES ('${tenantId}', 'hidden')`,
    );
    await inService.query('BEGIN; LOCK TABLE pooled_primary.attachment');
    const limits = { statementTimeoutMs: 20_000, lockTimeoutMs: 15_000 };
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
      limits: { statementTimeoutMs: 20_000, lockTimeoutMs: 15_000 },
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
    const limits = { statementTimeoutMs: 20_000, lockTimeoutMs: 15_000 };
    const scan = refused({ limits, scope: databaseScope([nameOf(other)]) });
    await waitsFor('a_first');
    const admin = new Client({ connectionString: other.adminUrl });
    await admin.connect();
    await admin.query('DROP TABLE b_dropped; ALTER TABLE c_renamed RENAME TO d_present');
    await admin.end();
    await inOther.query('COMMIT');
    const { message } = await scan;
    await inOther.query('DROP TABLE a_first, d_present');
    expect(message).toMatch(/^Something of the tenant is left: 1 rows in public\.c_renamed of [^,]*\.$/);
  });

  it('is given up at once when it is told to end, also while it waits', async () => {
    await inOther.query('CREATE TABLE held (tenant_id uuid)');
    await inOther.query('BEGIN; LOCK TABLE held');
    const aborting = new AbortController();
    const limits = { statementTimeoutMs: 600_000, lockTimeoutMs: 600_000 };
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
