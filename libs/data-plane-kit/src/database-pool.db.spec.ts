import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { pgExecutor } from '@tenantry/database';
import { testDatabase, type TestDatabase } from '@tenantry/testing';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Pool } from 'pg';
import { databasePool } from './database-pool.js';

let database: TestDatabase;
const pools: Pool[] = [];

beforeAll(async () => {
  database = await testDatabase();
});

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.end();
});

afterAll(() => database.drop());

function open({ url = database.adminUrl, queryTimeoutMs = 200, holdsLocks = false } = {}): Pool {
  const pool = databasePool({
    url,
    max: 1,
    applicationName: 'kit-pool-test',
    queryTimeoutMs,
    holdsLocks,
    onLost: () => undefined,
  });
  pools.push(pool);
  return pool;
}

describe('databasePool', () => {
  it('closes a borrowed connection over a statement that takes too long, so that nothing queues up', async () => {
    const pool = open();
    const client = await pool.connect();
    const startedAt = performance.now();
    await client.query('BEGIN');
    await expect(client.query('SELECT pg_sleep(60)')).rejects.toThrow('Query read timeout');
    await expect(client.query('ROLLBACK')).rejects.toThrow();
    client.release();
    expect(await pgExecutor(pool).query('SELECT 1 AS n')).toEqual([{ n: 1 }]);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  it('does the same for a statement on the pool', async () => {
    const pool = open();
    await expect(pool.query('SELECT pg_sleep(60)')).rejects.toThrow('Query read timeout');
    expect(await pgExecutor(pool).query('SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  it('does not wait for ever for a connection', async () => {
    const held = new Set<Socket>();
    const silent = createServer((socket) => held.add(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    try {
      await expect(open({ url: `postgres://u:p@127.0.0.1:${port}/d` }).query('SELECT 1')).rejects.toThrow(
        /timeout/,
      );
    } finally {
      held.forEach((socket) => socket.destroy());
      silent.close();
    }
  }, 10_000);

  it('has the server look after connections that hold locks, whatever else the URL asks for', async () => {
    const url = new URL(database.adminUrl);
    url.searchParams.set('options', '-c work_mem=7MB');
    const pool = open({ url: url.href, holdsLocks: true });
    const { rows } = await pool.query<{ name: string; setting: string }>(
      `SELECT name, setting FROM pg_settings WHERE name LIKE 'tcp\\_%' OR name = 'work_mem' ORDER BY name`,
    );
    expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual({
      tcp_keepalives_count: '3',
      tcp_keepalives_idle: '10',
      tcp_keepalives_interval: '5',
      tcp_user_timeout: '25000',
      work_mem: '7168',
    });
  });
});
