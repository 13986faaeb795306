import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '@tenantry/testing';
import { networkLink } from '@tenantry/testing/servers';
import { Client } from 'pg';
import { CLOCK_SQL } from './clock-sql.js';
import { groupRoleSql } from './group-role.js';
import { migrate, MigrationBlocked, MigrationChanged } from './migrate.js';
import { pgExecutor } from './pg-executor.js';
import { judgeSchemaLevel, readSchemaLevel, SchemaTooNew } from './schema-level.js';
import { untilReachable } from './until-reachable.js';

const FIRST = { name: '0001-a', sql: 'CREATE TABLE a (n int); INSERT INTO a VALUES (1);' };
const SECOND = { name: '0002-b', sql: 'CREATE TABLE b (n int);' };

describe('migrate', () => {
  let database: TestDatabase;
  let client: Client;

  beforeAll(async () => {
    database = await testDatabase();
    client = new Client({ connectionString: database.adminUrl });
    await client.connect();
  });

  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  it('applies what is missing, once, however many ask at the same time', async () => {
    const applied = await Promise.all([1, 2, 3].map(() => migrate(database.adminUrl, [FIRST])));
    expect(applied.flat()).toEqual(['0001-a']);
    expect(await migrate(database.adminUrl, [FIRST, SECOND])).toEqual(['0002-b']);
    expect((await client.query('SELECT n FROM a')).rows).toHaveLength(1);
  });

  it('refuses a changed text before it applies anything', async () => {
    const changed = { ...FIRST, sql: 'CREATE TABLE other (n int);' };
    await expect(
      migrate(database.adminUrl, [{ name: '0000-new', sql: 'CREATE TABLE c (n int)' }, changed]),
    ).rejects.toThrow(MigrationChanged);
    expect((await client.query(`SELECT to_regclass('c') AS c`)).rows).toEqual([{ c: null }]);
  });

  it('does not wait for ever for its turn', async () => {
    await client.query(`SELECT pg_advisory_lock(hashtextextended('tenantry.migrate', 0))`);
    try {
      await expect(migrate(database.adminUrl, [FIRST], { turnTimeoutMs: 100 })).rejects.toThrow(
        MigrationBlocked,
      );
    } finally {
      await client.query(`SELECT pg_advisory_unlock(hashtextextended('tenantry.migrate', 0))`);
    }
    expect(await migrate(database.adminUrl, [FIRST])).toEqual([]);
  });

  it('leaves nothing of a migration that fails, and keeps those before it', async () => {
    const broken = { name: '0004-broken', sql: 'CREATE TABLE d (n int); SELECT 1/0;' };
    await expect(migrate(database.adminUrl, [{ name: '0003-c', sql: 'SELECT 1' }, broken])).rejects.toThrow(
      '0004-broken',
    );
    expect((await client.query(`SELECT to_regclass('d') AS d`)).rows).toEqual([{ d: null }]);
    const { rows } = await client.query('SELECT name FROM tenantry.migration ORDER BY name');
    expect(rows.map((row: { name: string }) => row.name)).toEqual(['0001-a', '0002-b', '0003-c']);
  });

  it('gives a clock that only its owner can move', async () => {
    await migrate(database.adminUrl, [CLOCK_SQL]);
    const ahead = `SELECT extract(epoch FROM tenantry.now() - now())::int AS seconds`;
    expect((await client.query(ahead)).rows).toEqual([{ seconds: 0 }]);
    await client.query(`INSERT INTO tenantry.clock_offset (ahead) VALUES ('1 hour')`);
    expect((await client.query(ahead)).rows).toEqual([{ seconds: 3600 }]);
  });

  describe('on a database that a newer release has migrated', () => {
    const OLD = { version: '1.0.0', servesFrom: '0.9.0' };
    const NEXT = { version: '1.1.0', servesFrom: '1.0.0' };
    const LATER = { version: '1.2.0', servesFrom: '1.1.0' };
    const ADDED = { name: '0010-added', sql: 'CREATE TABLE added (n int);' };
    const MUCH_LATER = { name: '0011-much-later', sql: 'CREATE TABLE much_later (n int);' };
    let newer: TestDatabase;
    let inside: Client;
    const level = () => readSchemaLevel(pgExecutor(inside), [FIRST]);

    beforeAll(async () => {
      newer = await testDatabase();
      inside = new Client({ connectionString: newer.adminUrl });
      await inside.connect();
    });
    afterAll(async () => {
      await inside.end();
      await newer.drop();
    });

    it('everything is missing at first, and nothing unknown', async () => {
      expect(await level()).toEqual({ missing: ['0001-a'], unknown: [] });
    });

    it('lets the release before work, and says so', async () => {
      await migrate(newer.adminUrl, [FIRST], { release: OLD });
      await migrate(newer.adminUrl, [FIRST, ADDED], { release: NEXT });
      expect(judgeSchemaLevel(await level(), OLD)).toEqual(['0010-added']);
      expect(await migrate(newer.adminUrl, [FIRST], { release: OLD })).toEqual([]);
    });

    it('stops what is older, before anything is applied, and says what to start', async () => {
      await migrate(newer.adminUrl, [FIRST, ADDED, MUCH_LATER], { release: LATER });
      const unread = await level();
      expect(() => judgeSchemaLevel(unread, OLD)).toThrow(SchemaTooNew);
      expect(() => judgeSchemaLevel(unread, OLD)).toThrow(
        /does not know: 0011-much-later.*version 1\.1\.0 or newer/,
      );
      expect(judgeSchemaLevel(unread, NEXT)).toEqual(['0010-added', '0011-much-later']);
      const own = { name: '0009-own', sql: 'CREATE TABLE own (n int);' };
      await expect(migrate(newer.adminUrl, [FIRST, own], { release: OLD })).rejects.toThrow(SchemaTooNew);
      expect((await inside.query(`SELECT to_regclass('own') AS own`)).rows).toEqual([{ own: null }]);
    });

    it('lets whoever reads what is applied read whom it serves', async () => {
      await inside.query(groupRoleSql('tenantry_control'));
      const may = `SELECT has_table_privilege('tenantry_control', 'tenantry.migration_release', 'SELECT') AS may`;
      expect((await inside.query(may)).rows).toEqual([{ may: false }]);
      await inside.query('GRANT SELECT ON tenantry.migration TO tenantry_control');
      await migrate(newer.adminUrl, [FIRST, ADDED, MUCH_LATER], { release: LATER });
      expect((await inside.query(may)).rows).toEqual([{ may: true }]);
    });

    it('changes nothing of the table that older releases know', async () => {
      const { rows } = await inside.query<{ columns: string }>(
        `SELECT string_agg(attname, ' ' ORDER BY attnum) AS columns FROM pg_attribute
         WHERE attrelid = 'tenantry.migration'::regclass AND attnum > 0`,
      );
      expect(rows).toEqual([{ columns: 'name checksum applied_at' }]);
    });

    it('stops whatever does not know a migration that names nobody', async () => {
      await inside.query(`INSERT INTO tenantry.migration (name, checksum) VALUES ('0012-by-hand', '')`);
      const known = { ...LATER, version: '99.0.0' };
      const unread = await readSchemaLevel(pgExecutor(inside), [FIRST, ADDED, MUCH_LATER]);
      expect(() => judgeSchemaLevel(unread, known)).toThrow(/0012-by-hand.*the version that migrated it/);
    });

    it('goes by the names alone where an older release has kept the books', async () => {
      await inside.query('DROP TABLE tenantry.migration_release');
      expect((await level()).unknown).toContainEqual({ name: '0010-added', servesFrom: null });
    });
  });

  describe('where the database is not there yet', () => {
    it('waits until it is, and says so once', async () => {
      const url = new URL(database.adminUrl);
      const link = await networkLink(Number(url.port || 5432));
      try {
        url.host = `127.0.0.1:${link.port}`;
        link.cut();
        const told: unknown[] = [];
        await untilReachable(url.href, {
          patienceMs: 30_000,
          onWaiting: (error) => {
            told.push(error);
            link.heal();
          },
        });
        expect(told).toHaveLength(1);
      } finally {
        await link.close();
      }
    });

    it('does not wait for ever, nor at all for what waiting does not mend', async () => {
      const onWaiting = () => {
        throw new Error('nothing is to be waited for');
      };
      const nowhere = new URL(database.adminUrl);
      nowhere.port = '1';
      await expect(untilReachable(nowhere.href, { patienceMs: 0, onWaiting })).rejects.toThrow(
        /ECONNREFUSED/,
      );
      const missing = new URL(database.adminUrl);
      missing.pathname = '/there_is_no_such_database';
      await expect(untilReachable(missing.href, { patienceMs: 30_000, onWaiting })).rejects.toMatchObject({
        code: '3D000',
      });
    });
  });

  it('makes a group role that is already there, or not yet, without an error', async () => {
    await client.query(groupRoleSql('tenantry_control'));
    await client.query(groupRoleSql('tenantry_control'));
    expect(() => groupRoleSql('a; DROP')).toThrow(RangeError);
  });
});
