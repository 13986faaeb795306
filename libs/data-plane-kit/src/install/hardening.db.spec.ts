import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { kitDatabase, type KitDatabase } from '@tenantry/testing';
import { Pool } from 'pg';

let database: KitDatabase;
let app: Pool;

beforeAll(async () => {
  database = await kitDatabase();
  app = new Pool({ connectionString: database.appUrl, max: 1 });
});

afterAll(async () => {
  await app.end();
  await database.drop();
});

describe('the login that serves', () => {
  it.each([
    ['large object', `SELECT lo_from_bytea(0, 'shared')`],
    ['advisory lock', 'SELECT pg_advisory_lock(1)'],
    ['temporary table', 'CREATE TEMPORARY TABLE note (id uuid)'],
  ])('is refused any %s', async (_what, text) => {
    await expect(app.query(text)).rejects.toMatchObject({ code: '42501' });
  });

  it('may call no function that the catalogue has for large objects', async () => {
    const { rows } = await app.query(
      `SELECT oid::regprocedure FROM pg_proc
       WHERE (proname ~ '^lo_' OR proname IN ('loread', 'lowrite')) AND has_function_privilege(oid, 'EXECUTE')`,
    );
    expect(rows).toEqual([]);
  });
});
