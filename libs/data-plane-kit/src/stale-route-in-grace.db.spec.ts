import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { tenantSchemaName } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import type { WorkResult } from '@tenantry/messaging';
import {
  EXAMPLE_SERVICE,
  kitDatabase,
  type KitDatabase,
  requestedWork,
  type RequestedWork,
  stateRecord,
  UNDISTURBED,
  waitFor,
} from '@tenantry/testing';
import { Pool, type PoolClient } from 'pg';
import { onePlace } from './connection-source.js';
import { createRequestHandler } from './participant/request-handler.js';
import { RouteCache } from './route-cache.js';
import { Tenants } from './tenants.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };

let database: KitDatabase;
let admin: Pool;
let serving: Pool;
let provisioner: Pool;

beforeAll(async () => {
  database = await kitDatabase();
  admin = new Pool({ connectionString: database.adminUrl, max: 2 });
  serving = new Pool({ connectionString: database.appUrl, max: 4 });
  serving.on('error', () => undefined);
  provisioner = new Pool({ connectionString: database.provisionerUrl, max: 2 });
});

afterAll(async () => {
  await Promise.all([admin.end(), serving.end(), provisioner.end()]);
  await database.drop();
});

describe.each(['pooled', 'schema'] as const)(
  'a stale route to a %s tenant in its grace period',
  (isolation) => {
    /** A process that heard that the tenant is ACTIVE, and nothing since. */
    let behind: Tenants;
    let tenantId: string;
    let schema: string;

    beforeEach(async () => {
      tenantId = newId();
      schema = isolation === 'schema' ? tenantSchemaName(tenantId, 'primary') : 'pooled_primary';
      const routes = new RouteCache();
      routes.apply(stateRecord({ tenantId, state: 'ACTIVE', generation: 1, isolation }));
      routes.markComplete();
      behind = new Tenants({ connections: onePlace(serving), routes, store: 'primary', routeWaitMs: 50 });
      await ask('provisioning', 1);
      await write();
    });

    function ask(
      verb: RequestedWork['verb'],
      generation: number,
      terminateAfterMs = 60_000,
    ): Promise<WorkResult> {
      const fenceTimes = { lockTimeoutMs: 250, terminateAfterMs, giveUpAfterMs: 20_000 };
      const handler = createRequestHandler({
        service: EXAMPLE_SERVICE,
        pool: provisioner,
        logger,
        fenceTimes,
        onStep: () => {},
      });
      return handler(requestedWork({ tenantId, verb, generation, isolation }), UNDISTURBED);
    }

    /** What this service is asked when a deletion is scheduled: to close the tenant, at the deletion's generation. */
    const scheduleDeletion = (terminateAfterMs?: number): Promise<WorkResult> =>
      ask('suspension', 2, terminateAfterMs);

    const INSERT = 'INSERT INTO note (tenant_id, id, text) VALUES ($1, $2, $3)';

    function write(): Promise<unknown> {
      return behind.query(tenantId, { text: INSERT, values: [tenantId, newId(), 'mine'] });
    }

    async function notes(): Promise<number> {
      const { rows } = await admin.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM ${schema}.note WHERE tenant_id = $1`,
        [tenantId],
      );
      return rows[0]!.n;
    }

    const freezerWaits = (): Promise<unknown> =>
      waitFor('the suspension to wait', async () => {
        const { rowCount } = await admin.query(
          `SELECT FROM pg_stat_activity WHERE usename = $1 AND query LIKE '%set_fence%' AND wait_event_type = 'Lock'`,
          [database.logins.provisioner.name],
        );
        return rowCount === 1;
      });

    it('lets nothing be written, nor read, by a process that has not heard of the deletion', async () => {
      await scheduleDeletion();
      await expect(write()).rejects.toMatchObject({ code: 'tenant-suspended' });
      await expect(behind.query(tenantId, { text: 'SELECT text FROM note' })).rejects.toMatchObject({
        code: 'tenant-suspended',
      });
      expect(await notes()).toBe(1);
    });

    it('opens again with a newer route only, when the deletion is cancelled', async () => {
      await scheduleDeletion();
      await ask('reactivation', 3);
      await expect(write()).rejects.toMatchObject({ code: 'stale-route' });
      expect(await notes()).toBe(1);
    });

    it('is waited for while a transaction that began before writes; others are refused, and its write counts', async () => {
      const inside = Promise.withResolvers<void>();
      const mayEnd = Promise.withResolvers<void>();
      const writing = behind.run(tenantId, async (tx) => {
        await tx.query('SELECT text FROM note');
        inside.resolve();
        await mayEnd.promise;
        await tx.query(INSERT, [tenantId, newId(), 'begun before']);
      });
      await inside.promise;
      let closed = false;
      const closing = scheduleDeletion().then(() => {
        closed = true;
      });
      await freezerWaits();
      await expect(write()).rejects.toMatchObject({ code: 'tenant-busy' });
      expect(closed).toBe(false);
      mayEnd.resolve();
      await writing;
      await closing;
      expect(await notes()).toBe(2);
      await expect(write()).rejects.toMatchObject({ code: 'tenant-suspended' });
    });

    it('ends a transaction that began before and would not end, and nothing of it stays', async () => {
      const inside = Promise.withResolvers<void>();
      const never = Promise.withResolvers<void>();
      const writing = behind.run(tenantId, async (tx) => {
        await tx.query(INSERT, [tenantId, newId(), 'begun before']);
        inside.resolve();
        await never.promise;
        await tx.query(INSERT, [tenantId, newId(), 'too late']);
      });
      await inside.promise;
      expect((await scheduleDeletion(20)).evidence).toMatchObject({ access: 'frozen', sessionsEnded: 1 });
      never.resolve();
      await expect(writing).rejects.toThrow();
      expect(await notes()).toBe(1);
    });

    it.each([
      ['READ COMMITTED', 'TN006'],
      ['REPEATABLE READ', '40001'],
      ['SERIALIZABLE', '40001'],
    ])('keeps out a %s transaction that began before and enters after', async (level, code) => {
      const client = await serving.connect();
      try {
        await client.query(`BEGIN ISOLATION LEVEL ${level}`);
        // Takes the snapshot, in which the tenant is open.
        await client.query('SELECT FROM pg_class LIMIT 1');
        await scheduleDeletion();
        await expect(enter(client, 1)).rejects.toMatchObject({ code });
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
      expect(await notes()).toBe(1);
    });

    it('keeps out whoever guesses the newer generation', async () => {
      await scheduleDeletion();
      const client = await serving.connect();
      try {
        for (const [generation, code] of [
          [2, 'TN001'],
          [3, 'TN007'],
        ] as const) {
          await client.query('BEGIN');
          await expect(enter(client, generation)).rejects.toMatchObject({ code });
          await client.query('ROLLBACK');
        }
      } finally {
        client.release();
      }
    });

    function enter(client: PoolClient, generation: number): Promise<unknown> {
      return client.query(`SELECT tenantry.enter($1, $2, 'w')`, [tenantId, generation]);
    }
  },
);
