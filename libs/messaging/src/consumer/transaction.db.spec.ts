import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { silencingProxy, testDatabase, type TestDatabase } from '@tenantry/testing';
import { Pool } from 'pg';
import { ConnectionLost, inTransaction } from './transaction.js';

/** So long that a busy machine cannot be mistaken for a second wait. */
const SILENCE_MS = 3_000;

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await testDatabase();
  pool = new Pool({ connectionString: database.adminUrl, max: 1 });
  await pool.query('CREATE TABLE note (text text)');
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

const notes = async (): Promise<unknown[]> => (await pool.query('SELECT text FROM note')).rows;

describe('inTransaction', () => {
  it('leaves nothing behind when the work fails, and gives the connection back clean', async () => {
    const failure = new Error('no');
    const work = inTransaction(pool, async (sql) => {
      await sql.query(`INSERT INTO note VALUES ('failed')`);
      throw failure;
    });
    await expect(work).rejects.toBe(failure);
    expect(await notes()).toEqual([]);
  });

  it('does not take for committed what Postgres rolled back because a failed statement was ignored', async () => {
    const work = inTransaction(pool, async (sql) => {
      await sql.query(`INSERT INTO note VALUES ('ignored')`);
      await sql.query('SELECT 1/0').catch(() => undefined);
    });
    await expect(work).rejects.toThrow('rolled back at COMMIT');
    expect(await notes()).toEqual([]);
  });

  it('tells a lost connection from failed work, outlives it and replaces the connection', async () => {
    const work = inTransaction(pool, async (sql) => {
      await sql.query('SELECT pg_terminate_backend(pg_backend_pid())');
    });
    await expect(work).rejects.toThrow(ConnectionLost);
    expect(await inTransaction(pool, (sql) => sql.query('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
  });

  it('gives up a connection that has fallen silent at its first unanswered statement', async () => {
    const proxy = await silencingProxy(database.adminUrl);
    const silenced = new Pool({ connectionString: proxy.url, query_timeout: SILENCE_MS });
    const began = performance.now();
    const work = inTransaction(silenced, async (sql) => {
      proxy.silence();
      await sql.query('SELECT 1');
    });
    await expect(work).rejects.toThrow(ConnectionLost);
    // A second statement, such as the ROLLBACK, would have been waited for as long again.
    expect(performance.now() - began).toBeLessThan(2 * SILENCE_MS);
    expect(await inTransaction(silenced, (sql) => sql.query('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
    await silenced.end();
    await proxy.close();
  });
});
