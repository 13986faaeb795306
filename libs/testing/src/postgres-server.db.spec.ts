import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startPostgres, type PostgresServer } from './postgres-server.js';

describe('startPostgres', () => {
  let folder: string;
  const running: PostgresServer[] = [];
  const start = async () => {
    const server = await startPostgres({
      dataDir: path.join(folder, 'data'),
      password: 'it is "secret"',
      settings: { fsync: 'off' },
    });
    running.push(server);
    return server;
  };

  afterEach(async () => {
    await Promise.all(running.splice(0).map((server) => server.stop()));
    await rm(folder, { recursive: true, force: true });
  });

  it('keeps its data through a stop, a kill and a stranger under its old process id', async () => {
    // mkdtemp makes a folder that only its owner may enter: the hard case for root.
    folder = await mkdtemp(path.join(tmpdir(), 'postgres-server-'));
    const first = await start();
    await query(first, 'CREATE TABLE kept AS SELECT 1 AS n');
    await first.stop();

    const second = await start();
    expect(await query(second, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    second.process.signal('SIGKILL');
    await second.process.ended;
    await writeFile(path.join(folder, 'data', 'postmaster.pid'), `${process.pid}\n`);

    const third = await start();
    expect(await query(third, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
  });

  it('takes over from a server that was left running', async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'postgres-server-'));
    const left = await start();
    const next = await start();
    expect((await left.process.ended).status).toBe(0);
    expect(await query(next, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });
});

async function query(server: PostgresServer, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.adminUrl });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
