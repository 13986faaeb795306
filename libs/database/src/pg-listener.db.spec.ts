import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  silencingProxy,
  testDatabase,
  waitFor,
  type SilencingProxy,
  type TestDatabase,
} from '@tenantry/testing';
import { Pool } from 'pg';
import { PgListener } from './pg-listener.js';

describe('PgListener', () => {
  let database: TestDatabase;
  let direct: Pool;
  let proxy: SilencingProxy;
  let pool: Pool;
  let listener: PgListener;
  let heard: string[];
  let listening: number;
  let errors: unknown[];

  beforeAll(async () => {
    database = await testDatabase();
    direct = new Pool({ connectionString: database.adminUrl, max: 1 });
  });

  afterAll(async () => {
    await direct.end();
    await database.drop();
  });

  beforeEach(async () => {
    [heard, listening, errors] = [[], 0, []];
    proxy = await silencingProxy(database.adminUrl);
    pool = new Pool({ connectionString: proxy.url });
    listener = new PgListener({
      pool,
      channels: ['one', 'two'],
      onNotification: (channel, payload) => void heard.push(`${channel} ${payload}`),
      onListening: () => void listening++,
      onError: (error) => void errors.push(error),
      checkMs: 100,
    });
  });

  afterEach(async () => {
    await listener.stop();
    await pool.end();
    await proxy.close();
  });

  const notify = (payload: string) =>
    direct.query(`SELECT pg_notify('one', $1), pg_notify('two', $1)`, [payload]);

  it('hears what is announced on its channels', async () => {
    await listener.start();
    await notify('a');
    await waitFor('both', () => heard.length === 2);
    expect(heard).toEqual(['one a', 'two a']);
    expect([listening, errors]).toEqual([1, []]);
  });

  it('gives up a connection that has fallen silent, and listens on a new one', async () => {
    await listener.start();
    proxy.silence();
    await waitFor('it to listen again', () => listening === 2);
    await notify('b');
    await waitFor('both', () => heard.length === 2);
    expect(errors).toHaveLength(1);
    expect(pool.totalCount).toBe(1);
  });

  it('keeps no connection once it is stopped, also while it waits for an answer', async () => {
    await listener.start();
    proxy.silenceForGood();
    await listener.stop();
    expect(pool.totalCount).toBe(0);
  });
});
