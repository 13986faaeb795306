import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { tenantSchemaName } from '@tenantry/contracts';
import type { Row } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import type { WorkControl, WorkResult } from '@tenantry/messaging';
import {
  EXAMPLE_SERVICE,
  kitDatabase,
  type KitDatabase,
  requestedWork,
  silencingProxy,
  stateRecord,
  UNDISTURBED,
  waitFor,
} from '@tenantry/testing';
import { Pool, type PoolClient } from 'pg';
import { PROVISIONER_ROLE } from '../install/roles.js';
import type { OrphanFinding } from '../orphans/orphan-report.js';
import { OrphanSweeper } from '../orphans/orphan-sweeper.js';
import { RouteCache } from '../route-cache.js';
import type { FenceTimes } from './fence-writer.js';
import { createRequestHandler } from './request-handler.js';
import { tenantSchemaStatements } from './tenant-schema.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };

let database: KitDatabase;
let admin: Pool;
/** Of the worker that is paused, and of the one that purges: two processes. */
let paused: Pool;
let purging: Pool;
let tenantId: string;
let schema: string;
const open: Pool[] = [];

beforeAll(async () => {
  database = await kitDatabase();
  admin = new Pool({ connectionString: database.adminUrl, max: 4 });
});

afterAll(async () => {
  await admin.end();
  await database.drop();
});

beforeEach(() => {
  tenantId = newId();
  schema = tenantSchemaName(tenantId, 'primary');
  paused = poolOf(database.provisionerUrl);
  purging = poolOf(database.provisionerUrl);
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((pool) => pool.end()));
});

function poolOf(url: string): Pool {
  const pool = new Pool({ connectionString: url, max: 2 });
  pool.on('error', () => undefined);
  open.push(pool);
  return pool;
}

interface Hooks {
  readonly onStep?: (step: string) => void | Promise<void>;
  readonly control?: WorkControl;
  readonly fenceTimes?: FenceTimes;
}

/** Generation 1 asks for the tenant's schema. */
function provision({ control = UNDISTURBED, ...hooks }: Hooks): Promise<WorkResult> {
  const work = requestedWork({ tenantId, verb: 'provisioning', generation: 1 });
  return createRequestHandler({ service: EXAMPLE_SERVICE, pool: paused, logger, onStep: () => {}, ...hooks })(
    work,
    control,
  );
}

/** Generation 2 purges the tenant; ends the sessions that keep it waiting after `terminateAfterMs`. */
function purge({
  onStep = () => {},
  terminateAfterMs = 60_000,
}: Pick<Hooks, 'onStep'> & { terminateAfterMs?: number } = {}): Promise<WorkResult> {
  const fenceTimes = { lockTimeoutMs: 20, terminateAfterMs, giveUpAfterMs: 20_000 };
  const work = requestedWork({ tenantId, verb: 'purge', generation: 2 });
  return createRequestHandler({ service: EXAMPLE_SERVICE, pool: purging, logger, onStep, fenceTimes })(
    work,
    UNDISTURBED,
  );
}

/** A place in the work where it stops until it is let go. */
class Pause {
  private readonly came = Promise.withResolvers<void>();
  private readonly released = Promise.withResolvers<void>();

  /** The step or the check that it is put into. */
  readonly here = async (): Promise<void> => {
    this.came.resolve();
    await this.released.promise;
  };

  /** Resolves when the work has come here; rejects when it ended without. */
  reached(work: Promise<unknown>): Promise<unknown> {
    return Promise.race([this.came.promise, work.then(() => Promise.reject(new Error('never paused')))]);
  }

  end(): void {
    this.released.resolve();
  }
}

async function query<R extends Row>(text: string, values: unknown[] = []): Promise<R[]> {
  return (await admin.query<R>(text, values)).rows;
}

/** Sessions of the provisioning login that are in the middle of such a statement. */
async function sessionsAt(statement: string, waiting: boolean): Promise<number> {
  const [row] = await query<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_stat_activity
     WHERE datname = current_database() AND usename = $1 AND query LIKE $2 AND coalesce(wait_event_type = 'Lock', false) = $3`,
    [database.logins.provisioner.name, statement, waiting],
  );
  return row!.n;
}

/** Has the CREATE SCHEMA of this tenant wait for as long as the returned connection keeps its transaction. */
async function blockCreateSchema(): Promise<PoolClient> {
  const blocker = await admin.connect();
  await blocker.query('BEGIN');
  await blocker.query(`CREATE SCHEMA ${schema}`);
  return blocker;
}

async function unblock(blocker: PoolClient): Promise<void> {
  await blocker.query('ROLLBACK');
  blocker.release();
}

const theSchemaWaits = (): Promise<unknown> =>
  waitFor('CREATE SCHEMA to wait', async () => (await sessionsAt('%CREATE SCHEMA %', true)) === 1);

/** The tombstone of the purge stands, and it asks for the tenant: it has to wait for the worker that is paused. */
async function purgeWaits(buried: Promise<void>): Promise<void> {
  await buried;
  await waitFor(
    'the purge to ask for the tenant',
    async () => (await sessionsAt('%pg_try_advisory_lock(%', false)) > 0,
  );
}

/** A purge that says when its tombstone stands. */
function startPurge(): { readonly done: Promise<WorkResult>; readonly buried: Promise<void> } {
  const buried = Promise.withResolvers<void>();
  const done = purge({
    onStep: (step: string): void => {
      if (step === 'purge.tombstone') buried.resolve();
    },
  });
  done.catch((error: unknown) => buried.reject(error));
  return { done, buried: buried.promise };
}

async function exists(): Promise<{ schema: boolean; role: boolean }> {
  const [row] = await query<{ schema: boolean; role: boolean }>(
    `SELECT to_regnamespace($1) IS NOT NULL AS schema, to_regrole($1) IS NOT NULL AS role`,
    [schema],
  );
  return row!;
}

/** Neither schema nor role, no bookkeeping but the tombstone, and nobody at work any more; so says the sweeper too. */
async function expectNothingLeft(): Promise<void> {
  expect(await exists()).toEqual({ schema: false, role: false });
  const [left] = await query(
    `SELECT (SELECT count(*)::int FROM tenantry.tombstone WHERE tenant_id = $1 AND generation = 2) AS tombstones,
            (SELECT count(*)::int FROM tenantry.fence WHERE tenant_id = $1) AS fences,
            (SELECT count(*)::int FROM tenantry.provisioned WHERE tenant_id = $1) AS markers,
            (SELECT count(*)::int FROM tenantry.schema_migration WHERE schema_name = $2) AS migrations`,
    [tenantId, schema],
  );
  expect(left).toEqual({ tombstones: 1, fences: 0, markers: 0, migrations: 0 });
  expect(await sweep(false)).toEqual([]);
}

/** What the sweeper finds of the tenant when the control plane has heard from everyone. */
async function sweep(deleting: boolean): Promise<OrphanFinding[]> {
  const routes = new RouteCache();
  routes.apply(stateRecord({ tenantId, state: 'PURGED', generation: 2 }));
  routes.markComplete();
  const sweeper = new OrphanSweeper({ service: EXAMPLE_SERVICE, pool: purging, routes, logger });
  const { findings } = await sweeper.sweep({ delete: deleting });
  return findings.filter((finding) => finding.tenantId === tenantId);
}

describe('a CREATE SCHEMA of generation 1 that is paused, and a purge of generation 2', () => {
  it('before it, not yet the tenant’s worker: the purge ends, and the late one is refused', async () => {
    const pause = new Pause();
    const late = provision({ onStep: (step) => (step === 'provision.fence' ? pause.here() : undefined) });
    await pause.reached(late);
    await purge();
    pause.end();
    await expect(late).rejects.toMatchObject({ name: 'AlreadyPurged', retryable: false });
    await expectNothingLeft();
  });

  it('before it, as the tenant’s worker: the purge waits for the worker, which is refused', async () => {
    const pause = new Pause();
    const late = provision({ control: { ...UNDISTURBED, assertCurrent: pause.here } });
    await pause.reached(late);
    const { done, buried } = startPurge();
    await purgeWaits(buried);
    pause.end();
    await expect(late).rejects.toMatchObject({ name: 'AlreadyPurged', retryable: false });
    expect((await done).evidence).toMatchObject({ schemasDropped: [], rolesDropped: [] });
    await expectNothingLeft();
  });

  it('inside it, and it goes on: the purge cannot bury before it has ended, and removes what it made', async () => {
    const blocker = await blockCreateSchema();
    // It may get as far as its open tenant, when the purge is unlucky, or is refused at a later step.
    const late = Promise.allSettled([provision({})]);
    await theSchemaWaits();
    const { done, buried } = startPurge();
    await waitFor(
      'the purge to wait for the tenant',
      async () => (await sessionsAt('%tenantry.bury(%', true)) === 1,
    );
    expect(await query('SELECT FROM tenantry.tombstone WHERE tenant_id = $1', [tenantId])).toEqual([]);
    await unblock(blocker);
    await Promise.all([late, buried]);
    expect((await done).evidence).toMatchObject({ schemasDropped: [schema], rolesDropped: [schema] });
    await expectNothingLeft();
  });

  it('inside it, for too long: the purge ends its session, and nothing of it stays', async () => {
    const blocker = await blockCreateSchema();
    const late = provision({});
    const lost = expect(late).rejects.toThrow(/terminat/);
    await theSchemaWaits();
    const { evidence } = await purge({ terminateAfterMs: 30 });
    await lost;
    await unblock(blocker);
    expect(evidence).toMatchObject({ schemasDropped: [], rolesDropped: [] });
    await expectNothingLeft();
  });

  it('between it and its COMMIT, cut off from the server: the purge ends its session, and nothing of it stays', async () => {
    const proxy = await silencingProxy(database.provisionerUrl);
    paused = poolOf(proxy.url);
    const blocker = await blockCreateSchema();
    const late = provision({});
    const lost = expect(late).rejects.toThrow();
    try {
      await theSchemaWaits();
      proxy.silence();
      await unblock(blocker);
      await waitFor('the answer to be lost', () => proxy.swallowed() > 0);
      const { evidence } = await purge({ terminateAfterMs: 30 });
      expect(evidence).toMatchObject({ schemasDropped: [], rolesDropped: [] });
    } finally {
      await proxy.close();
    }
    await lost;
    await expectNothingLeft();
  });

  it('after it: the worker is refused at its next step, and the purge removes what it made', async () => {
    const pause = new Pause();
    const late = provision({ onStep: (step) => (step === 'provision.schema' ? pause.here() : undefined) });
    await pause.reached(late);
    expect(await exists()).toEqual({ schema: true, role: true });
    const { done, buried } = startPurge();
    await purgeWaits(buried);
    pause.end();
    await expect(late).rejects.toMatchObject({ name: 'AlreadyPurged', retryable: false });
    expect((await done).evidence).toMatchObject({ schemasDropped: [schema], rolesDropped: [schema] });
    await expectNothingLeft();
  });

  it('after it, with its connection lost: its lock is lost too, and the purge removes what it made', async () => {
    const pause = new Pause();
    const late = provision({ onStep: (step) => (step === 'provision.schema' ? pause.here() : undefined) });
    await pause.reached(late);
    await query(
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_locks JOIN pg_stat_activity USING (pid)
       WHERE locktype = 'advisory' AND usename = $1 AND datname = current_database()`,
      [database.logins.provisioner.name],
    );
    expect((await purge()).evidence).toMatchObject({ schemasDropped: [schema], rolesDropped: [schema] });
    pause.end();
    await expect(late).rejects.toThrow();
    await expectNothingLeft();
  });

  it('after the purge, by a step that does not read the tombstone: the sweeper finds what it made, and removes it', async () => {
    await purge();
    const client = await paused.connect();
    await client.query('BEGIN');
    await client.query(`SET LOCAL ROLE ${PROVISIONER_ROLE}`);
    const marker = {
      service: EXAMPLE_SERVICE.name,
      tenantId,
      generation: 1,
      database: new URL(database.adminUrl).pathname.slice(1),
    };
    await client.query(tenantSchemaStatements(schema, { schema: false, role: false }, marker).join('; '));
    await client.query('COMMIT');
    client.release();
    expect((await sweep(true)).map(({ object, deleted }) => `${object.type} ${deleted}`).sort()).toEqual([
      'role true',
      'schema true',
    ]);
    await expectNothingLeft();
  });
});
