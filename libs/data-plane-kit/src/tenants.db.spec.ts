import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Access, type StateRecord, type TenantState, tenantSchemaName } from '@tenantry/contracts';
import type { Row } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import type { WorkControl } from '@tenantry/messaging';
import { EXAMPLE_SERVICE, kitDatabase, type KitDatabase, recordMetrics, waitFor } from '@tenantry/testing';
import { Pool } from 'pg';
import { onePlace } from './connection-source.js';
import { createRequestHandler } from './participant/request-handler.js';
import { RouteCache } from './route-cache.js';
import { Tenants } from './tenants.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const control: WorkControl = {
  signal: new AbortController().signal,
  assertCurrent: async () => {},
  progress: async () => {},
};
type Model = 'pooled' | 'schema';

let database: KitDatabase;
let admin: Pool;
let pool: Pool;
let provisioner: Pool;
let routes: RouteCache;
let tenants: Tenants;
let sequence = 1;

beforeAll(async () => {
  database = await kitDatabase();
  admin = new Pool({ connectionString: database.adminUrl, max: 2 });
  pool = new Pool({ connectionString: database.appUrl, max: 4 });
  pool.on('error', () => undefined);
  provisioner = new Pool({ connectionString: database.provisionerUrl, max: 2 });
});

afterAll(async () => {
  await Promise.all([admin.end(), pool.end(), provisioner.end()]);
  await database.drop();
});

beforeEach(() => {
  routes = new RouteCache();
  routes.markComplete();
  tenants = new Tenants({ connections: onePlace(pool), routes, store: 'primary', routeWaitMs: 100 });
});

function record(
  tenantId: string,
  isolation: Model,
  generation: number,
  access: Access,
  state: TenantState,
): StateRecord {
  return {
    tenantId,
    slug: 'x',
    state,
    plan: 'free',
    region: 'default',
    isolation,
    generation,
    version: generation,
    tenantSeq: String(sequence++),
    updatedAt: '2026-01-01T00:00:00Z',
    routes: [
      {
        store: 'primary',
        isolation,
        cluster: 'default',
        database: null,
        schema: null,
        access,
        generation,
        revision: 1,
      },
    ],
  };
}

async function request(
  tenantId: string,
  verb: 'provisioning' | 'suspension' | 'purge',
  generation: number,
  isolation: Model,
): Promise<void> {
  const operationId = newId();
  await createRequestHandler({ service: EXAMPLE_SERVICE, pool: provisioner, logger })(
    {
      tenantId,
      operationId,
      generation,
      attempt: 1,
      type: `tenant.${verb}_requested.v1`,
      request: {
        operationId,
        generation,
        attempt: 1,
        participants: ['example'],
        desired: verb === 'provisioning' ? 'active' : 'suspended',
        placements: [{ store: 'primary', isolation, cluster: 'default', database: null, schema: null }],
      },
    },
    control,
  );
}

/** An active tenant with one note, as the cache knows it. */
async function activeTenant(isolation: Model): Promise<string> {
  const tenantId = newId();
  await request(tenantId, 'provisioning', 1, isolation);
  routes.apply(record(tenantId, isolation, 1, 'open', 'ACTIVE'));
  await addNote(tenantId);
  return tenantId;
}

function addNote(tenantId: string): Promise<Row[]> {
  return tenants.query(tenantId, {
    text: 'INSERT INTO note (tenant_id, id, text) VALUES ($1, $2, $3)',
    values: [tenantId, newId(), 'mine'],
  });
}

function notes(tenantId: string, through = tenants): Promise<Row[]> {
  return through.query(tenantId, { text: 'SELECT tenant_id FROM note' });
}

describe.each(['pooled', 'schema'] as const)('a %s tenant', (isolation) => {
  it('reads and writes its own rows with the same statements', async () => {
    const tenantId = await activeTenant(isolation);
    expect(await notes(tenantId)).toEqual([{ tenant_id: tenantId }]);
    const kept = await tenants.run(tenantId, async (tx) => {
      await tx.query('UPDATE note SET text = $1', ['changed']);
      return tx.query('SELECT text FROM note');
    });
    expect(kept).toEqual([{ text: 'changed' }]);
  });

  it('saves nothing when the work rejects, or swallows a failed statement', async () => {
    const tenantId = await activeTenant(isolation);
    const refused = new Error('no');
    await expect(
      tenants.run(tenantId, async (tx) => {
        await tx.query('DELETE FROM note');
        throw refused;
      }),
    ).rejects.toBe(refused);
    await expect(
      tenants.run(tenantId, async (tx) => {
        await tx.query('DELETE FROM note');
        await tx.query('SELECT 1 / 0').catch(() => undefined);
      }),
    ).rejects.toMatchObject({ code: 'transaction-aborted' });
    expect(await notes(tenantId)).toHaveLength(1);
  });

  it('is out of reach for another one by every verb, on every table of the service', async () => {
    const [victim, intruder] = [await activeTenant(isolation), await activeTenant(isolation)];
    const schema = isolation === 'schema' ? tenantSchemaName(victim, 'primary') : 'pooled_primary';
    const { rows: tables } = await admin.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
       WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r' ORDER BY 1`,
      [schema],
    );
    expect(tables.map(({ name }) => name)).toEqual(['attachment', 'label', 'note']);
    for (const { name } of tables) {
      const before = await admin.query(`SELECT * FROM ${schema}.${name} WHERE tenant_id = $1`, [victim]);
      const columns = { attachment: '$1, $1, $1', label: `$1, 'planted'`, note: `$1, $1, 'planted'` }[name];
      const attempts = [
        [`SELECT * FROM ${schema}.${name} WHERE tenant_id = $1`],
        [`UPDATE ${schema}.${name} SET tenant_id = tenant_id WHERE tenant_id = $1 RETURNING *`],
        [`DELETE FROM ${schema}.${name} WHERE tenant_id = $1 RETURNING *`],
        [`INSERT INTO ${schema}.${name} VALUES (${columns}) RETURNING *`],
      ] as const;
      for (const [text] of attempts) expect(await reached(intruder, text, victim)).toEqual('nothing');
      expect(
        (await admin.query(`SELECT * FROM ${schema}.${name} WHERE tenant_id = $1`, [victim])).rows,
      ).toEqual(before.rows);
    }
  });

  it('cannot move its own rows to another one', async () => {
    const [a, b] = [await activeTenant(isolation), await activeTenant(isolation)];
    await expect(
      tenants.query(a, { text: 'UPDATE note SET tenant_id = $1', values: [b] }),
    ).rejects.toMatchObject({ code: '42501' });
  });

  it('is refused by the fence however open its cached route is', async () => {
    const tenantId = await activeTenant(isolation);
    await request(tenantId, 'suspension', 2, isolation);
    await expect(addNote(tenantId)).rejects.toMatchObject({ code: 'tenant-suspended' });
    await request(tenantId, 'purge', 3, isolation);
    await expect(addNote(tenantId)).rejects.toMatchObject({ code: 'tenant-unknown' });
  });
});

/** What a statement got hold of: rows, or nothing because it found none or was refused. */
async function reached(tenantId: string, text: string, victim: string): Promise<unknown> {
  try {
    const rows = await tenants.query(tenantId, { text, values: [victim] });
    return rows.length === 0 ? 'nothing' : rows;
  } catch (error) {
    return (error as { code?: string }).code === '42501' ? 'nothing' : error;
  }
}

describe('the guard of a tenant schema', () => {
  it('holds when the role is switched in the middle of another tenant’s transaction', async () => {
    const [victim, intruder] = [await activeTenant('schema'), await activeTenant('schema')];
    const schema = tenantSchemaName(victim, 'primary');
    await admin.query(`INSERT INTO ${schema}.currency VALUES ('EUR')`);
    const asVictim = (text: string, values: unknown[] = []): Promise<Row[]> =>
      tenants.run(intruder, async (tx) => {
        await tx.query(`SELECT set_config('role', $1, true)`, [schema]);
        return tx.query(text, values);
      });
    expect(await asVictim(`SELECT * FROM ${schema}.note`)).toEqual([]);
    expect(await asVictim(`SELECT * FROM ${schema}.currency`)).toEqual([]);
    for (const owner of [victim, intruder]) {
      await expect(
        asVictim(`INSERT INTO ${schema}.note VALUES ($1, $1, 'planted')`, [owner]),
      ).rejects.toMatchObject({ code: '42501' });
    }
    expect(await tenants.query(victim, { text: 'SELECT code FROM currency' })).toEqual([{ code: 'EUR' }]);
  });

  it('is not even reached without the role', async () => {
    const [victim, intruder] = [await activeTenant('schema'), await activeTenant('pooled')];
    const text = `SELECT * FROM ${tenantSchemaName(victim, 'primary')}.note`;
    await expect(tenants.query(intruder, { text })).rejects.toMatchObject({ code: '42501' });
  });
});

describe('routes', () => {
  it('says 404 for what nobody heard of, and for what is no id', async () => {
    await expect(notes(newId())).rejects.toMatchObject({ code: 'tenant-unknown' });
    await expect(notes(`x'; DROP TABLE note`)).rejects.toMatchObject({ code: 'tenant-unknown' });
  });

  it('refuses a frozen route without asking the database', async () => {
    const tenantId = await activeTenant('pooled');
    routes.apply(record(tenantId, 'pooled', 2, 'frozen', 'SUSPENDED'));
    await expect(notes(tenantId)).rejects.toMatchObject({ code: 'tenant-suspended' });
  });

  it('waits for the record that opens a tenant', async () => {
    const tenantId = newId();
    await request(tenantId, 'provisioning', 1, 'pooled');
    routes.apply(record(tenantId, 'pooled', 1, 'frozen', 'PROVISIONING'));
    await expect(notes(tenantId)).rejects.toMatchObject({ code: 'tenant-busy' });
    const reading = notes(tenantId);
    routes.apply(record(tenantId, 'pooled', 1, 'open', 'ACTIVE'));
    expect(await reading).toEqual([]);
  });

  it('asks once more with the newer route when the fence calls its own stale', async () => {
    const tenantId = await activeTenant('pooled');
    await request(tenantId, 'suspension', 2, 'pooled');
    await request(tenantId, 'provisioning', 3, 'pooled');
    await expect(notes(tenantId)).rejects.toMatchObject({ code: 'stale-route' });
    const reading = notes(tenantId);
    routes.apply(record(tenantId, 'pooled', 3, 'open', 'ACTIVE'));
    expect(await reading).toHaveLength(1);
  });

  it('refuses a route that is newer than the fence', async () => {
    const tenantId = await activeTenant('pooled');
    routes.apply(record(tenantId, 'pooled', 9, 'open', 'ACTIVE'));
    await expect(notes(tenantId)).rejects.toMatchObject({ code: 'fence-behind' });
  });

  it('counts what the fence refuses, by why, and nothing that was refused without it', async () => {
    const recorded = recordMetrics();
    const counted = new Tenants({ connections: onePlace(pool), routes, store: 'primary', routeWaitMs: 20 });
    const refusals = (reason: string) => recorded.value('tenantry_fence_refusals_total', { reason });
    const tenantId = await activeTenant('pooled');
    expect(await refusals('closed')).toBe(0);
    await request(tenantId, 'suspension', 2, 'pooled');
    await expect(notes(tenantId, counted)).rejects.toMatchObject({ code: 'tenant-suspended' });
    routes.apply(record(tenantId, 'pooled', 2, 'open', 'ACTIVE'));
    await expect(notes(tenantId, counted)).rejects.toMatchObject({ code: 'tenant-suspended' });
    routes.apply(record(tenantId, 'pooled', 9, 'open', 'ACTIVE'));
    await expect(counted.run(tenantId, (tx) => tx.query('SELECT 1'))).rejects.toMatchObject({
      code: 'fence-behind',
    });
    routes.apply(record(tenantId, 'pooled', 10, 'frozen', 'SUSPENDED'));
    await expect(notes(tenantId, counted)).rejects.toMatchObject({ code: 'tenant-suspended' });
    const counts = ['closed', 'stale', 'ahead', 'absent'].map(refusals);
    expect(await Promise.all(counts)).toEqual([1, 1, 1, 0]);
    await recorded.stop();
  });

  it('is not sure of an absence before the first pass is done', async () => {
    const young = new Tenants({
      connections: onePlace(pool),
      routes: new RouteCache(),
      store: 'primary',
      routeWaitMs: 20,
    });
    await expect(young.query(newId(), { text: 'SELECT 1' })).rejects.toMatchObject({ code: 'stale-route' });
  });
});

describe('the context', () => {
  it('travels through awaits, is joined by its own tenant and refused to another', async () => {
    const [a, b] = [await activeTenant('pooled'), await activeTenant('schema')];
    expect(() => tenants.current()).toThrow(expect.objectContaining({ code: 'tenant-context-missing' }));
    await tenants.run(a, async (tx) => {
      await Promise.resolve();
      expect(tenants.current()).toBe(tx);
      await tenants.run(a.toUpperCase(), async (inner) => expect(inner).toBe(tx));
      await expect(notes(b)).rejects.toMatchObject({ code: 'tenant-context-conflict' });
    });
    expect(() => tenants.current()).toThrow();
  });

  it('ends with the work: what was kept of it reaches nobody’s connection', async () => {
    const tenantId = await activeTenant('pooled');
    const kept = await tenants.run(tenantId, async (tx) => tx);
    await expect(kept.query('SELECT 1')).rejects.toMatchObject({ code: 'tenant-context-missing' });
  });

  it.each(['COMMIT', 'ROLLBACK'])('does not survive a %s in the text of a statement', async (text) => {
    const tenantId = await activeTenant('pooled');
    await expect(
      tenants.run(tenantId, async (tx) => {
        await tx.query(text).catch(() => undefined);
        await tx.query('SELECT 1');
      }),
    ).rejects.toMatchObject({ code: 'tenant-context-missing' });
    expect(await notes(tenantId)).toHaveLength(1);
  });

  it.each([
    'COMMIT',
    'ROLLBACK',
    'COMMIT AND CHAIN',
    'END AND CHAIN',
    'ROLLBACK AND CHAIN',
    'ABORT AND CHAIN',
  ])('is over with a %s, even if nobody looks at its error', async (text) => {
    const tenantId = await activeTenant('pooled');
    let later: unknown;
    const running = tenants.run(tenantId, async (tx) => {
      await tx.query('UPDATE note SET text = $1', ['first']);
      await expect(tx.query(text)).rejects.toMatchObject({ code: 'transaction-aborted' });
      later = await tx.query('SELECT 1').catch((error: unknown) => error);
    });
    await expect(running).rejects.toMatchObject({ code: 'transaction-aborted' });
    expect(later).toMatchObject({ code: 'tenant-context-missing' });
  });

  it('stays through a ROLLBACK to a savepoint', async () => {
    const tenantId = await activeTenant('schema');
    await tenants.run(tenantId, async (tx) => {
      await tx.query('UPDATE note SET text = $1', ['kept']);
      await tx.query('SAVEPOINT before');
      await tx.query('SELECT 1 / 0').catch(() => undefined);
      await tx.query('ROLLBACK TO SAVEPOINT before');
      expect(await tx.query('SELECT text FROM note')).toEqual([{ text: 'kept' }]);
    });
    expect(await tenants.query(tenantId, { text: 'SELECT text FROM note' })).toEqual([{ text: 'kept' }]);
  });

  it('takes one statement at a time', async () => {
    const tenantId = await activeTenant('pooled');
    await expect(tenants.query(tenantId, { text: 'SELECT 1; COMMIT' })).rejects.toMatchObject({
      code: '42601',
    });
  });

  describe('on a connection that another tenant used before', () => {
    let single: Pool;
    let lone: Tenants;
    let before: string;
    let after: string;

    beforeEach(async () => {
      single = new Pool({ connectionString: database.appUrl, max: 1 });
      lone = new Tenants({ connections: onePlace(single), routes, store: 'primary' });
      [before, after] = [await activeTenant('schema'), await activeTenant('pooled')];
    });

    afterEach(() => single.end());

    it.each([
      ['cursor', 'DECLARE kept CURSOR WITH HOLD FOR SELECT * FROM note', 'FETCH ALL FROM kept', '34000'],
      ['prepared statement', 'PREPARE kept AS SELECT * FROM note', 'EXECUTE kept', '26000'],
    ])('finds no %s of it', async (_what, leave, take, code) => {
      await lone.query(before, { text: leave });
      await expect(lone.query(after, { text: take })).rejects.toMatchObject({ code });
    });

    it.each([
      ['context', () => `SELECT set_config('tenantry.tenant', '${before}', false)`],
      ['role', () => `SET SESSION ROLE ${tenantSchemaName(before, 'primary')}`],
      ['access mode', () => 'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY'],
      ['search path', () => 'SET SESSION search_path TO pg_catalog'],
    ])('finds its own %s, whatever was set for the session', async (_what, leave) => {
      await lone.query(before, { text: leave() });
      const { rows } = await single.query(
        `SELECT current_user::text AS role, current_setting('search_path') AS path,
                coalesce(current_setting('tenantry.tenant', true), '') AS tenant`,
      );
      expect(rows).toEqual([{ role: database.logins.app.name, path: '"$user", public', tenant: '' }]);
      await lone.query(after, { text: 'UPDATE note SET text = $1', values: ['written'] });
    });

    it('hears nothing of what was listened for', async () => {
      await lone.query(before, { text: 'LISTEN kept' });
      expect((await single.query('SELECT pg_listening_channels() AS channel')).rows).toEqual([]);
    });

    it('gets another connection when this one still had a context', async () => {
      const planted = await single.connect();
      const { rows: first } = await planted.query('SELECT pg_backend_pid() AS pid');
      await planted.query(`SELECT set_config('tenantry.tenant', $1, false)`, [before]);
      planted.release();
      await expect(notes(after, lone)).rejects.toMatchObject({ code: 'tenant-context-conflict' });
      expect(await lone.query(after, { text: 'SELECT pg_backend_pid() AS pid FROM note' })).not.toEqual(
        first,
      );
      expect(await notes(after, lone)).toHaveLength(1);
    });
  });

  it('never uses a connection that was left inside a transaction', async () => {
    const single = new Pool({ connectionString: database.appUrl, max: 1 });
    try {
      const leaky = await single.connect();
      const {
        rows: [left],
      } = await leaky.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await leaky.query('BEGIN');
      leaky.release();
      const tenantId = await activeTenant('pooled');
      const careful = new Tenants({ connections: onePlace(single), routes, store: 'primary' });
      const [used] = await careful.query<{ pid: number }>(tenantId, {
        text: 'SELECT pg_backend_pid() AS pid FROM note',
      });
      expect(used?.pid).not.toBe(left?.pid);
      expect(used).toBeDefined();
    } finally {
      await single.end();
    }
  });

  it('gives back its connection after every kind of end', async () => {
    const tenantId = await activeTenant('schema');
    for (let round = 0; round < 10; round += 1) {
      await tenants
        .run(tenantId, async () => {
          throw new Error('no');
        })
        .catch(() => undefined);
      await tenants.query(tenantId, { text: 'nonsense' }).catch(() => undefined);
    }
    await waitFor(
      'all connections to be idle',
      async () => pool.idleCount === pool.totalCount && pool.waitingCount === 0,
    );
    expect(await notes(tenantId)).toHaveLength(1);
  });

  it('survives the loss of its connection', async () => {
    const tenantId = await activeTenant('pooled');
    await expect(
      tenants.run(tenantId, async (tx) => {
        const [row] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        await admin.query('SELECT pg_terminate_backend($1, 5000)', [row!.pid]);
        await tx.query('SELECT 1');
      }),
    ).rejects.toThrow();
    expect(await notes(tenantId)).toHaveLength(1);
  });
});
