import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  recordMetrics,
  type RecordedMetrics,
  testDatabase,
  type TestDatabase,
  waitFor,
} from '@tenantry/testing';
import { Pool, type PoolClient } from 'pg';
import { openClient } from '../database-pool.js';
import { ConnectionPools, type ConnectionPoolsOptions } from './connection-pools.js';
import { PoolTimeout } from './pool-timeout.js';

let database: TestDatabase;
let admin: Pool;
let measured: RecordedMetrics;
let pools: ConnectionPools;
let lost: Error[];

beforeAll(async () => {
  database = await testDatabase();
  admin = new Pool({ connectionString: database.adminUrl, max: 1 });
});

afterAll(async () => {
  await admin.end();
  await database.drop();
});

beforeEach(() => {
  lost = [];
  measured = recordMetrics();
});

afterEach(async () => {
  await pools.end();
  await measured.stop();
});

function started(limits: ConnectionPoolsOptions['limits'], rest: Partial<ConnectionPoolsOptions> = {}): void {
  pools = new ConnectionPools({ limits, onLost: (error) => lost.push(error), ...rest });
}

/** A connection for a tenant; the login is only a name here, since what is looked at is who gets how many. */
function borrow(
  tenantId: string,
  login = tenantId,
  cluster = 'one',
  loginClass: 'shared' | 'dedicated' = 'dedicated',
): Promise<PoolClient> {
  const open = () =>
    openClient({ url: database.adminUrl, applicationName: `pools-${login}`, queryTimeoutMs: 5000 });
  return pools.borrow({ tenantId, cluster, loginClass, login, open });
}

async function sessions(): Promise<number> {
  const { rows } = await admin.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name LIKE 'pools-%' AND datname = current_database()`,
  );
  return rows[0]!.n;
}

const pidOf = (client: PoolClient): unknown => Reflect.get(client, 'processID');

describe('the connections of a process', () => {
  it('stay within their bound, however many tenants have logins of their own', async () => {
    started({ dedicated: 4, waitMs: 20_000 });
    let most = 0;
    const work = async (tenant: number): Promise<void> => {
      const client = await borrow(`t${tenant}`);
      most = Math.max(most, pools.size);
      await client.query('SELECT 1');
      client.release();
    };
    await Promise.all(Array.from({ length: 100 }, (_, tenant) => work(tenant)));
    expect(most).toBe(4);
    expect(await sessions()).toBeLessThanOrEqual(4);
  });

  it('are kept for the logins that used them last', async () => {
    started({ dedicated: 2 });
    const pids = new Map<string, unknown>();
    for (const login of ['a', 'b', 'a', 'c']) {
      const client = await borrow(login);
      if (login === 'a' && pids.has('a')) expect(pidOf(client)).toBe(pids.get('a'));
      pids.set(login, pidOf(client));
      client.release();
    }
    const again = await borrow('a');
    expect(pidOf(again)).toBe(pids.get('a'));
    again.release();
    expect(
      await measured.value('tenantry_pool_evictions_total', { cluster: 'one', class: 'dedicated' }),
    ).toBe(1);
  });

  it('are bounded over all clusters and classes together, too', async () => {
    started({ total: 2, shared: 2, dedicated: 2, perTenant: 2 });
    const first = await borrow('a', '', 'one', 'shared');
    const second = await borrow('b', 'b', 'two');
    first.release();
    const third = await borrow('c', '', 'three', 'shared');
    expect(pools.size).toBe(2);
    second.release();
    third.release();
    expect(await sessions()).toBe(2);
  });

  it('are never all one tenant’s: another gets in at once', async () => {
    started({ shared: 4, perTenant: 2, waitMs: 60_000 });
    const greedy = [await borrow('greedy', '', 'one', 'shared'), await borrow('greedy', '', 'one', 'shared')];
    const order: string[] = [];
    const third = borrow('greedy', '', 'one', 'shared').then((client) => {
      order.push('greedy');
      client.release();
    });
    const other = await borrow('other', '', 'one', 'shared');
    order.push('other');
    other.release();
    greedy[0]!.release();
    await third;
    expect(order).toEqual(['other', 'greedy']);
    greedy[1]!.release();
  });

  it('are had in the order of asking', async () => {
    started({ shared: 1, perTenant: 1 });
    const held = await borrow('a', '', 'one', 'shared');
    const order: string[] = [];
    const asked = ['b', 'c', 'd'].map(async (tenant) => {
      const client = await borrow(tenant, '', 'one', 'shared');
      order.push(tenant);
      client.release();
    });
    expect(await measured.value('tenantry_pool_waiting', { cluster: 'one', class: 'shared' })).toBe(3);
    held.release();
    await Promise.all(asked);
    expect(order).toEqual(['b', 'c', 'd']);
    expect(await measured.value('tenantry_pool_wait_seconds', { cluster: 'one', class: 'shared' })).toBe(4);
  });

  it('are waited for in bounded time, and the one who gave up keeps no place', async () => {
    started({ shared: 1, perTenant: 1, waitMs: 50 });
    const held = await borrow('a', '', 'one', 'shared');
    const timeouts = () =>
      measured.value('tenantry_pool_timeouts_total', { cluster: 'one', class: 'shared' });
    expect(await timeouts()).toBe(0);
    await expect(borrow('b', '', 'one', 'shared')).rejects.toBeInstanceOf(PoolTimeout);
    expect(await timeouts()).toBe(1);
    held.release();
    const next = await borrow('b', '', 'one', 'shared');
    expect(pidOf(next)).toBe(pidOf(held));
    next.release();
  });

  it('leave their place when they cannot be opened, are broken, lost or too old', async () => {
    started({ shared: 1, perTenant: 1 }, { maxAgeMs: 60_000 });
    const refused = new Error('refused');
    await expect(
      pools.borrow({
        tenantId: 'a',
        cluster: 'one',
        loginClass: 'shared',
        login: '',
        open: () => Promise.reject(refused),
      }),
    ).rejects.toBe(refused);
    const broken = await borrow('a', '', 'one', 'shared');
    broken.release(true);
    const idle = await borrow('a', '', 'one', 'shared');
    expect(pidOf(idle)).not.toBe(pidOf(broken));
    idle.release();
    await admin.query('SELECT pg_terminate_backend($1)', [pidOf(idle)]);
    await waitFor('the loss to be heard of', () => lost.length === 1);
    const next = await borrow('a', '', 'one', 'shared');
    expect(pidOf(next)).not.toBe(pidOf(idle));
    next.release();
    expect(() => next.release()).toThrow('given back already');
    await pools.end();

    started({ shared: 1, perTenant: 1 }, { maxAgeMs: 0 });
    const old = await borrow('a', '', 'one', 'shared');
    old.release();
    const fresh = await borrow('a', '', 'one', 'shared');
    expect(pidOf(fresh)).not.toBe(pidOf(old));
    fresh.release();
  });

  it('are closed when nobody uses them for a while', async () => {
    started({ dedicated: 4 }, { idleMs: 20 });
    for (const client of [await borrow('a'), await borrow('b')]) client.release();
    await waitFor('the idle ones to be closed', () => pools.size === 0);
  });

  it('refuses a bound that would let nobody in', () => {
    expect(() => started({ perTenant: 0 })).toThrow('perTenant');
    started({});
  });
});
