import { describe, expect, it } from '@jest/globals';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Client, Pool } from 'pg';
import { isUnavailable } from './unavailable.js';

/** Begins as a database would, with "ready for query", or says nothing at all. */
async function withServer(greeting: Buffer, work: (url: string) => Promise<void>): Promise<void> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined).write(greeting);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work(`postgres://u:p@127.0.0.1:${(server.address() as AddressInfo).port}/d`);
  } finally {
    open.forEach((socket) => socket.destroy());
    await new Promise((resolve) => server.close(resolve));
  }
}

/** AuthenticationOk and ReadyForQuery. */
const READY = Buffer.from('520000000800000000' + '5a0000000549', 'hex');

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('isUnavailable', () => {
  it('knows a database that never answers, though the driver gives its time-outs no code', async () => {
    await withServer(Buffer.alloc(0), async (url) => {
      const pool = new Pool({ connectionString: url, connectionTimeoutMillis: 50 });
      expect(isUnavailable(await errorOf(pool.connect()))).toBe(true);
      await pool.end();
    });
    await withServer(READY, async (url) => {
      const client = new Client({ connectionString: url, query_timeout: 50 });
      await client.connect();
      expect(isUnavailable(await errorOf(client.query('SELECT 1')))).toBe(true);
      await client.end();
    });
  });

  it('knows a pool that has no connection left', async () => {
    await withServer(READY, async (url) => {
      const pool = new Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 50 });
      const only = await pool.connect();
      expect(isUnavailable(await errorOf(pool.connect()))).toBe(true);
      only.release(true);
      await pool.end();
    });
  });

  it('takes no other error without a code for one', () => {
    expect(isUnavailable(new Error('The tenant has a timeout of its own.'))).toBe(false);
  });
});
