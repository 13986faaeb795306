import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { testDatabase, type TestDatabase } from '@tenantry/testing';
import { randomBytes } from 'node:crypto';
import { Client, Pool } from 'pg';
import { migrateControlPlane } from '../database/migrate-control-plane.js';
import { raiseEpoch } from '../epoch/raise-epoch.js';
import { DATABASE_IDENTITY_SQL } from '../migrations/0025-database-identity.sql.js';
import { IDENTITY_BY_TABLE_SQL } from '../migrations/0026-identity-by-table.sql.js';
import { adoptMoved, noteFirstIdentity } from './adopt-identity.js';
import { checkIdentity, refuseRestored } from './check-identity.js';
import { readNotedIdentity } from './noted-identity.js';
import { noteCompared, readPromotion } from './promotion.js';
import { RestoredDatabase } from './restored-database.js';

const SERVICE = { name: `tnt_test_cp_${randomBytes(6).toString('hex')}`, password: 'secret' };

describe('a database that knows which one it is', () => {
  let database: TestDatabase;
  let admin: Pool;
  let service: Pool;
  let sql: SqlExecutor;
  let told: string[];
  const note = (_fields: object, message: string): void => void told.push(message);
  const logger = { debug: note, info: note, warn: note, error: note };
  const check = () => checkIdentity(sql, logger);

  beforeAll(async () => {
    database = await testDatabase();
    await migrateControlPlane({ adminUrl: database.adminUrl, service: SERVICE });
    admin = new Pool({ connectionString: database.adminUrl, max: 1 });
    service = new Pool({ connectionString: database.urlFor(SERVICE.name, SERVICE.password), max: 2 });
    sql = pgExecutor(service);
    told = [];
    // Nothing is noted yet, and nobody is refused.
    await check();
    expect(await noteFirstIdentity(database.adminUrl)).toEqual({ kind: 'same' });
  });
  beforeEach(() => {
    told = [];
  });
  afterAll(async () => {
    await service.end();
    await admin.end();
    await database.drop();
    await onServer(`DROP ROLE ${SERVICE.name}`);
  });

  /** As the administrator of another database, so that nobody is in this one. */
  async function onServer(...statements: string[]): Promise<void> {
    const url = new URL(database.adminUrl);
    url.pathname = '/postgres';
    const client = new Client({ connectionString: url.href });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  }
  const rewrite = (changes: string) =>
    admin.query(`UPDATE tenantry.database_identity SET ${changes}, written_by = pg_current_xact_id()`);

  it.each<[string, string[]]>([
    ['as it is', []],
    ['when it was frozen', ['VACUUM FREEZE tenantry.database_identity']],
    ['when its tables were written anew by the server', ['VACUUM FULL tenantry.database_identity']],
    ['when it was analysed and locked', ['SELECT FROM tenantry.database_identity FOR UPDATE', 'ANALYZE']],
  ])('is the same %s', async (_what, statements) => {
    for (const statement of statements) await admin.query(statement);
    await check();
    expect(await noteFirstIdentity(database.adminUrl)).toEqual({ kind: 'same' });
    expect(told).toEqual([]);
  });

  it('is told from a copy, and the copy from it, whatever the copy is called', async () => {
    const name = new URL(database.adminUrl).pathname.slice(1);
    await service.end();
    await admin.end();
    await onServer(
      `CREATE DATABASE ${name}_copy TEMPLATE ${name}`,
      `ALTER DATABASE ${name} RENAME TO ${name}_old`,
      `ALTER DATABASE ${name}_copy RENAME TO ${name}`,
    );
    admin = new Pool({ connectionString: database.adminUrl, max: 1 });
    service = new Pool({ connectionString: database.urlFor(SERVICE.name, SERVICE.password), max: 2 });
    sql = pgExecutor(service);
    try {
      // A copy of a database has its tables' rights, and not its own.
      await admin.query(`GRANT CONNECT ON DATABASE ${name} TO ${SERVICE.name}`);
      await expect(check()).rejects.toThrow(RestoredDatabase);
      await expect(check()).rejects.toThrow('main.migrate --raise-epoch');
      // Migrating alone does not make it the installation's.
      expect(await noteFirstIdentity(database.adminUrl)).toMatchObject({ kind: 'restored' });
      await expect(check()).rejects.toThrow('copy of another database');
      await adoptMoved(database.adminUrl);
      await check();
      const { rows } = await admin.query(
        `SELECT after FROM tenantry.audit_entry WHERE action = 'database.move'`,
      );
      expect(rows).toEqual([
        { after: { kind: 'restored', why: expect.stringContaining('copy of another database') } },
      ]);
    } finally {
      await onServer(`DROP DATABASE ${name}_old`);
    }
  });

  it('is told from one whose tables were made anew, until its epoch is raised', async () => {
    await admin.query(
      `CREATE TABLE dumped AS TABLE tenantry.database_identity; DROP TABLE tenantry.database_identity`,
    );
    await admin.query(
      `SET role tenantry_owner; ${DATABASE_IDENTITY_SQL} ${IDENTITY_BY_TABLE_SQL}; RESET role`,
    );
    await admin.query('INSERT INTO tenantry.database_identity TABLE dumped; DROP TABLE dumped');
    await expect(check()).rejects.toThrow('made anew');
    expect(await raiseEpoch({ adminUrl: database.adminUrl })).toMatchObject({ epoch: 1 });
    await check();
    expect(await readPromotion(sql)).toBeUndefined();
  });

  it('stays the same when its rows were written anew, as pg_repack does, and wants the state channel compared', async () => {
    await admin.query(`CREATE TABLE kept AS TABLE tenantry.database_identity;
      DELETE FROM tenantry.database_identity; INSERT INTO tenantry.database_identity TABLE kept; DROP TABLE kept`);
    await Promise.all([check(), check(), check()]);
    expect(told).toEqual([expect.stringContaining('written anew')]);
    expect(await readPromotion(sql)).toMatchObject({ compared: false });
    await check();
    expect(told).toHaveLength(1);
    await rewrite('promoted_at = NULL');
  });

  it('stays the same over an upgrade of its server', async () => {
    await rewrite(`system_identifier = '1', server_version = server_version - 20000, timeline = 7`);
    await check();
    expect(told).toEqual(['the database server was upgraded']);
    await check();
    expect(told).toHaveLength(1);
    expect(await readPromotion(sql)).toBeUndefined();
  });

  it('stays the same over a failover, and wants the state channel compared, once', async () => {
    await rewrite('timeline = timeline + 1');
    await Promise.all([check(), check(), check()]);
    expect(told).toEqual([expect.stringContaining('was promoted')]);
    const promotion = await readPromotion(sql);
    expect(promotion).toMatchObject({ compared: false });
    await noteCompared(sql, promotion!);
    expect(await readPromotion(sql)).toMatchObject({ at: promotion!.at, compared: true });
    await check();
    expect(told).toHaveLength(1);
    expect(await readNotedIdentity(sql)).toMatchObject({ genuine: true });
  });

  it('is not to be started on when the state channel is ahead of it', async () => {
    await refuseRestored(sql, logger);
    await sql.query('UPDATE tenantry.epoch SET ahead_tenant = $1, ahead_seq = $2, ahead_seen_at = now()', [
      newId(),
      String(2 ** 40),
    ]);
    await expect(refuseRestored(sql, logger)).rejects.toThrow('state channel');
    await expect(adoptMoved(database.adminUrl)).rejects.toThrow('--raise-epoch');
    // What runs goes on, and only stops sending.
    await check();
    await raiseEpoch({ adminUrl: database.adminUrl });
    await refuseRestored(sql, logger);
  });
});
