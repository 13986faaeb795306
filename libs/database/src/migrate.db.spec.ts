import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '@tenantry/testing';
import { Client } from 'pg';
import { CLOCK_SQL } from './clock-sql.js';
import { groupRoleSql } from './group-role.js';
import { migrate, MigrationBlocked, MigrationChanged } from './migrate.js';

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

  it('makes a group role that is already there, or not yet, without an error', async () => {
    await client.query(groupRoleSql('tenantry_control'));
    await client.query(groupRoleSql('tenantry_control'));
    expect(() => groupRoleSql('a; DROP')).toThrow(RangeError);
  });
});
