import { afterAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { testDatabase, type TestDatabase } from './test-database.js';

describe('testDatabase', () => {
  const made: TestDatabase[] = [];
  afterAll(() => Promise.all(made.map((database) => database.drop())));

  it('builds a template once and clones it for each', async () => {
    let built = 0;
    const template = {
      key: 'test-database.db.spec',
      build: async (url: string) => {
        built += 1;
        await query(url, 'CREATE TABLE thing AS SELECT 7 AS n');
      },
    };
    made.push(
      ...(await Promise.all([testDatabase(template), testDatabase(template), testDatabase(template)])),
    );
    for (const { adminUrl } of made) expect(await query(adminUrl, 'SELECT n FROM thing')).toEqual([{ n: 7 }]);
    await query(made[0]!.adminUrl, 'DELETE FROM thing');
    expect(await query(made[1]!.adminUrl, 'SELECT n FROM thing')).toHaveLength(1);
    expect(built).toBe(1);
  });

  it('gives the same database to another login', async () => {
    const database = await testDatabase();
    made.push(database);
    const url = new URL(database.urlFor('some one', 'p@ss/word'));
    expect(url.pathname).toBe(new URL(database.adminUrl).pathname);
    expect(decodeURIComponent(url.username)).toBe('some one');
    expect(decodeURIComponent(url.password)).toBe('p@ss/word');
  });
});

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
