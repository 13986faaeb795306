import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ParticipantRequest, RequestType } from '@tenantry/contracts';
import { pgExecutor, type Row } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { consumerDatabase, requestEvent, waitFor, type ConsumerDatabase } from '@tenantry/testing';
import { Pool } from 'pg';
import { claimRequests, storeRequestTx } from './inbox.js';
import { RequestWorker, type RequestWorkerOptions } from './request-worker.js';
import {
  WorkAbandoned,
  type RequestHandler,
  type WorkControl,
  type WorkItem,
  type WorkResult,
} from './work-item.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const FAR_MS = 60_000;

let database: ConsumerDatabase;
let admin: Pool;
let login: { name: string; url: string };
let pool: Pool;
let tenantId: string;
const workers: RequestWorker[] = [];

beforeAll(async () => {
  database = await consumerDatabase();
  admin = new Pool({ connectionString: database.adminUrl, max: 4 });
  login = await database.newLogin();
  pool = newPool(login.url);
});

afterAll(async () => {
  await pool.end();
  await admin.end();
  await database.drop();
});

beforeEach(() => {
  tenantId = newId();
});

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
  await admin.query('TRUNCATE tenantry.inbox, tenantry.answer, tenantry.acknowledgement_outbox');
});

function newPool(url: string): Pool {
  const made = new Pool({ connectionString: url, max: 4 });
  made.on('error', () => undefined);
  return made;
}

function worker(handler: RequestHandler, options: Partial<RequestWorkerOptions> = {}): RequestWorker {
  const made = new RequestWorker({
    pool,
    participant: 'reference',
    handler,
    logger,
    pollMs: 20,
    stopGraceMs: 20,
    ...options,
  });
  workers.push(made);
  made.start();
  return made;
}

async function ask(
  request: Partial<ParticipantRequest> = {},
  options: { type?: RequestType; tenant?: string; traceparent?: string } = {},
): Promise<ParticipantRequest> {
  const { tenant = tenantId, ...rest } = options;
  const event = requestEvent({ tenantId: tenant, seq: 1, ...rest }, request);
  const { type, data, traceparent } = event;
  await storeRequestTx(pgExecutor(admin), {
    tenantId: tenant,
    type,
    request: data,
    ...(traceparent === undefined ? {} : { traceparent }),
  });
  return data;
}

const query = <R extends object = Row>(text: string, params: unknown[] = []): Promise<R[]> =>
  pgExecutor(admin).query<R>(text, params);
const inbox = (): Promise<Row[]> =>
  query('SELECT generation, attempt, lease FROM tenantry.inbox WHERE tenant_id = $1', [tenantId]);

interface Answer extends Record<string, unknown> {
  outcome: string;
  attempt: number;
  generation: number;
}

async function answers(tenant = tenantId): Promise<Answer[]> {
  const rows = await query<{ data: Answer }>(
    `SELECT envelope->'data' AS data FROM tenantry.acknowledgement_outbox WHERE envelope->>'subject' = $1 ORDER BY enqueue_no`,
    [tenant],
  );
  return rows.map(({ data }) => data);
}

const answered = (count = 1): Promise<Answer[]> =>
  waitFor(`${count} answers`, async () => {
    const found = await answers();
    return found.length >= count && found;
  });

/** A handler that the test ends call by call. */
function heldHandler(): {
  handler: RequestHandler;
  calls: {
    item: WorkItem;
    control: WorkControl;
    end(evidence?: Record<string, unknown>): void;
    fail(error: Error): void;
  }[];
} {
  const calls: ReturnType<typeof heldHandler>['calls'] = [];
  const handler: RequestHandler = (item, control) =>
    new Promise<WorkResult>((resolve, reject) => {
      calls.push({ item, control, end: (evidence = {}) => resolve({ evidence }), fail: reject });
    });
  return { handler, calls };
}

/** The nth call of a held handler, once it is there. */
const call = (
  held: ReturnType<typeof heldHandler>,
  n = 0,
): Promise<ReturnType<typeof heldHandler>['calls'][number]> =>
  waitFor(`call ${n} of the handler`, () => held.calls[n]);

const aborted = (control: WorkControl): Promise<unknown> =>
  waitFor('the abort', () => control.signal.aborted && { reason: control.signal.reason });

describe('an answer', () => {
  it('carries the evidence and the trace, and empties the inbox', async () => {
    worker(async ({ request }) => ({ evidence: { seeded: 4, desired: request.desired } }));
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { operationId } = await ask({ generation: 3 }, { traceparent });
    expect(await answered()).toEqual([
      {
        operationId,
        generation: 3,
        attempt: 1,
        participant: 'reference',
        outcome: 'succeeded',
        evidence: { seeded: 4, desired: 'active' },
      },
    ]);
    expect(await inbox()).toEqual([]);
    const [row] = await query<{ envelope: Row }>('SELECT envelope FROM tenantry.acknowledgement_outbox');
    expect(row?.envelope).toMatchObject({
      subject: tenantId,
      source: '/tenantry/participants/reference',
      generation: '3',
      traceparent,
    });
  });

  it('is repeated with the new attempt when its operation is asked for again, and not worked again', async () => {
    const runs: number[] = [];
    worker(async ({ attempt }) => {
      runs.push(attempt);
      return { evidence: { first: true } };
    });
    const { operationId } = await ask();
    await answered();
    await ask({ operationId, attempt: 2 });
    expect(await answered(2)).toMatchObject([
      { attempt: 1 },
      { operationId, attempt: 2, outcome: 'succeeded', evidence: { first: true } },
    ]);
    expect(runs).toEqual([1]);
  });

  it('of a failure carries the evidence that the error brings, and goes without what cannot be sent', async () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const brought = [
      { tables: ['a'], left: undefined },
      'a text',
      ['a list'],
      circular,
      { text: 'x'.repeat(300_000) },
    ];
    let runs = 0;
    worker(async () => {
      throw Object.assign(new Error('remnants'), { evidence: brought[runs++] });
    });
    const { operationId } = await ask();
    for (let attempt = 2; attempt <= brought.length; attempt += 1) {
      await answered(attempt - 1);
      await ask({ operationId, attempt });
    }
    const given = await answered(brought.length);
    expect(given.map(({ error, evidence }) => ({ error, evidence }))).toEqual([
      { error: 'remnants', evidence: { tables: ['a'] } },
      ...brought.slice(1).map(() => ({ error: 'remnants', evidence: undefined })),
    ]);
  });

  it('of a failure is retryable unless the error denies it, and is not stored: asked again, it is worked again', async () => {
    let runs = 0;
    worker(async () => {
      runs += 1;
      if (runs === 1) throw new Error('not yet');
      if (runs === 2) throw Object.assign(new Error('never\0'), { retryable: false });
      return { evidence: { runs } };
    });
    const { operationId } = await ask();
    await answered(1);
    await ask({ operationId, attempt: 2 });
    await answered(2);
    await ask({ operationId, attempt: 3 });
    expect(await answered(3)).toMatchObject([
      { attempt: 1, outcome: 'failed', retryable: true, error: 'not yet' },
      { attempt: 2, outcome: 'failed', retryable: false, error: 'never\uFFFD' },
      { attempt: 3, outcome: 'succeeded', evidence: { runs: 3 } },
    ]);
  });

  it.each([
    ['too large', { evidence: { text: 'x'.repeat(300_000) } }],
    ['too deep', { evidence: { list: JSON.parse('['.repeat(100) + ']'.repeat(100)) as unknown } }],
    ['no JSON', { evidence: { big: 1n } }],
    ['not there', undefined],
    ['no object', { evidence: 'done' }],
  ])('whose evidence is %s is a failure', async (_, result) => {
    worker(async () => result as unknown as WorkResult);
    await ask();
    expect(await answered()).toMatchObject([{ outcome: 'failed' }]);
    expect(await inbox()).toEqual([]);
  });

  it('waits for the database, and the request is worked again until it is there', async () => {
    let runs = 0;
    await admin.query(`REVOKE INSERT ON tenantry.answer FROM ${login.name}`);
    worker(async () => ({ evidence: { runs: (runs += 1) } }));
    await ask();
    await waitFor(
      'the first run to be handed back',
      async () => runs === 1 && (await inbox())[0]?.['lease'] === null,
    );
    expect(await answers()).toEqual([]);
    await admin.query(`GRANT INSERT ON tenantry.answer TO ${login.name}`);
    expect(await answered()).toMatchObject([{ outcome: 'succeeded', evidence: { runs: 2 } }]);
  });
});

describe('an attempt of the operation that is being worked', () => {
  it('is not run beside it, and the one answer carries the highest attempt', async () => {
    const held = heldHandler();
    const member = worker(held.handler);
    const { operationId } = await ask();
    const first = await call(held);
    await ask({ operationId, attempt: 2 });
    await ask({ operationId, attempt: 4 });
    await ask({ operationId, attempt: 3 });
    member.wake();
    await first.control.assertCurrent();
    first.end({ done: true });
    expect(await answered()).toMatchObject([{ attempt: 4, outcome: 'succeeded' }]);
    expect(await inbox()).toEqual([]);
    expect(held.calls).toHaveLength(1);
  });

  it('gives a failure the highest attempt too', async () => {
    const held = heldHandler();
    worker(held.handler);
    const { operationId } = await ask();
    const first = await call(held);
    await ask({ operationId, attempt: 2 });
    first.fail(new Error('no'));
    expect(await answered()).toMatchObject([{ attempt: 2, outcome: 'failed' }]);
  });
});

describe('work whose result ages', () => {
  const options = { repeatsAnswers: false } as const;

  it('is done anew when it is asked for again', async () => {
    let runs = 0;
    worker(async () => ({ evidence: { runs: (runs += 1) } }), options);
    const { operationId } = await ask();
    await answered();
    await ask({ operationId, attempt: 2 });
    expect(await answered(2)).toMatchObject([
      { attempt: 1, evidence: { runs: 1 } },
      { attempt: 2, evidence: { runs: 2 } },
    ]);
  });

  it('answers for the attempt that it began with, and is done once more for the one that came meanwhile', async () => {
    const held = heldHandler();
    const member = worker(held.handler, options);
    const { operationId } = await ask();
    const first = await call(held);
    await ask({ operationId, attempt: 2 });
    member.wake();
    await first.control.assertCurrent();
    first.end({ run: 1 });
    expect(await answered()).toMatchObject([{ attempt: 1, evidence: { run: 1 } }]);
    (await call(held, 1)).end({ run: 2 });
    expect(await answered(2)).toMatchObject([{ attempt: 1 }, { attempt: 2, evidence: { run: 2 } }]);
    expect(await inbox()).toEqual([]);
  });
});

describe('a newer operation', () => {
  const suspension = 'tenant.suspension_requested.v1' as const;

  it('replaces an unworked older one', async () => {
    await ask({ generation: 1 });
    await ask({ generation: 2 }, { type: suspension });
    const types: string[] = [];
    worker(async ({ type }) => {
      types.push(type);
      return { evidence: {} };
    });
    expect(await answered()).toMatchObject([{ generation: 2 }]);
    expect(types).toEqual([suspension]);
  });

  it('aborts a running older one, and begins when that has ended', async () => {
    const held = heldHandler();
    worker(held.handler);
    await ask({ generation: 1 });
    const older = await call(held);
    await ask({ generation: 2 }, { type: suspension });
    expect(await aborted(older.control)).toEqual({ reason: new WorkAbandoned('superseded') });
    expect(held.calls).toHaveLength(1);
    older.fail(new Error('stopped half-way'));
    const newer = await call(held, 1);
    expect(newer.item).toMatchObject({ generation: 2, type: suspension });
    newer.end();
    expect(await answered()).toMatchObject([{ generation: 2, outcome: 'succeeded' }]);
    expect(await answers()).toHaveLength(1);
  });

  it('wins over the success of an older one that noticed nothing', async () => {
    const held = heldHandler();
    await ask({ generation: 1 });
    worker(held.handler, { pollMs: FAR_MS });
    const older = await call(held);
    await ask({ generation: 2 }, { type: suspension });
    older.end({ old: true });
    (await call(held, 1)).end({ new: true });
    expect(await answered()).toMatchObject([{ generation: 2, evidence: { new: true } }]);
    expect(await answers()).toHaveLength(1);
  });

  it('makes assertCurrent and progress reject before any poll has noticed', async () => {
    const held = heldHandler();
    await ask({ generation: 1 });
    worker(held.handler, { pollMs: FAR_MS });
    const { control, fail } = await call(held);
    await control.assertCurrent();
    await control.progress(50);
    await ask({ generation: 2 }, { type: suspension });
    await expect(control.progress(60)).rejects.toEqual(new WorkAbandoned('superseded'));
    await expect(control.assertCurrent()).rejects.toEqual(new WorkAbandoned('superseded'));
    fail(control.signal.reason as Error);
    (await call(held, 1)).end();
    expect(await answered(2)).toMatchObject([
      { generation: 1, outcome: 'in_progress', progress: 50 },
      { generation: 2, outcome: 'succeeded' },
    ]);
  });

  it('that was answered makes an older one that comes late be dropped unworked', async () => {
    const generations: number[] = [];
    worker(async ({ generation }) => {
      generations.push(generation);
      return { evidence: {} };
    });
    await ask({ generation: 5 });
    await answered();
    await ask({ generation: 4 });
    await waitFor('the drop', async () => (await inbox()).length === 0);
    expect(generations).toEqual([5]);
    expect(await answers()).toHaveLength(1);
  });
});

describe('several workers', () => {
  it('share the tenants and never meet at one', async () => {
    const tenants = Array.from({ length: 25 }, () => newId());
    const busy = new Set<string>();
    const generations = new Map<string, number>();
    const wrong: string[] = [];
    const handler: RequestHandler = async ({ tenantId: tenant, generation }) => {
      if (busy.has(tenant)) wrong.push(`two at ${tenant}`);
      if ((generations.get(tenant) ?? 0) > generation) wrong.push(`back to ${generation} at ${tenant}`);
      busy.add(tenant);
      generations.set(tenant, generation);
      await new Promise((resolve) => setImmediate(resolve));
      busy.delete(tenant);
      return { evidence: {} };
    };
    for (let n = 0; n < 3; n += 1) worker(handler, { concurrency: 5, pollMs: 5 });
    for (let generation = 1; generation <= 4; generation += 1) {
      await Promise.all(tenants.map((tenant) => ask({ generation }, { tenant })));
    }
    await waitFor('everything answered', async () => {
      const last = await Promise.all(tenants.map((tenant) => answers(tenant)));
      return last.every((found) => found.at(-1)?.generation === 4);
    });
    expect(wrong).toEqual([]);
    for (const tenant of tenants) {
      const order = (await answers(tenant)).map(({ generation }) => generation);
      expect(order).toEqual([...new Set(order)].sort());
    }
  });

  it('do not wait for a claim that another one is about to commit, and do not take what it takes', async () => {
    await ask();
    const claim = { limit: 10, leaseMs: FAR_MS, except: [] };
    const [first, second] = [await admin.connect(), await admin.connect()];
    try {
      await first.query('BEGIN');
      expect(await claimRequests(pgExecutor(first), claim)).toHaveLength(1);
      await second.query(`SET statement_timeout = '5s'`);
      expect(await claimRequests(pgExecutor(second), claim)).toEqual([]);
      await first.query('COMMIT');
      expect(await claimRequests(pgExecutor(second), claim)).toEqual([]);
    } finally {
      first.release(true);
      second.release(true);
    }
  });

  it('leave a request alone whose handler outlasts the lease several times', async () => {
    const held = heldHandler();
    const options = { leaseMs: 800 };
    worker(held.handler, options);
    await ask();
    const first = await call(held);
    worker(held.handler, options);
    const began = performance.now();
    await waitFor('three leases to pass', () => performance.now() - began > 3 * options.leaseMs);
    expect(held.calls).toHaveLength(1);
    expect(first.control.signal.aborted).toBe(false);
    first.end();
    expect(await answered()).toMatchObject([{ outcome: 'succeeded' }]);
  });

  it('do not take up a tenant again beside their own handler that outlived the lease', async () => {
    const cut = await database.newLogin();
    const cutPool = newPool(cut.url);
    const held = heldHandler();
    worker(held.handler, { pool: cutPool, leaseMs: 300 });
    await ask();
    const first = await call(held);
    await admin.query(`ALTER ROLE ${cut.name} NOLOGIN`);
    await admin.query('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = $1', [
      cut.name,
    ]);
    expect(await aborted(first.control)).toEqual({ reason: new WorkAbandoned('lease-lost') });
    await admin.query(
      `UPDATE tenantry.inbox SET lease = nextval('tenantry.inbox_lease'), lease_until = now()`,
    );
    const other = newId();
    await ask({}, { tenant: other });
    await admin.query(`ALTER ROLE ${cut.name} LOGIN`);
    const second = await call(held, 1);
    expect(second.item.tenantId).toBe(other);
    expect(held.calls).toHaveLength(2);
    second.end();
    first.fail(new Error('too late'));
    (await call(held, 2)).end({ again: true });
    expect(await answered()).toMatchObject([{ outcome: 'succeeded', evidence: { again: true } }]);
    await Promise.all(workers.splice(0).map((one) => one.stop()));
    await cutPool.end();
  });

  it('take over from one that is cut off, which notices by itself and whose late success counts for nothing', async () => {
    const cut = await database.newLogin();
    const cutPool = newPool(cut.url);
    const zombie = heldHandler();
    const heir = heldHandler();
    const late = worker(zombie.handler, { pool: cutPool, leaseMs: 400, stopGraceMs: FAR_MS });
    await ask();
    const first = await call(zombie);
    await admin.query(`ALTER ROLE ${cut.name} NOLOGIN`);
    await admin.query('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = $1', [
      cut.name,
    ]);
    worker(heir.handler, { leaseMs: 400 });
    const second = await call(heir);
    expect(await aborted(first.control)).toEqual({ reason: new WorkAbandoned('lease-lost') });
    await admin.query(`ALTER ROLE ${cut.name} LOGIN`);
    first.end({ by: 'zombie' });
    await late.stop();
    expect(await answers()).toEqual([]);
    second.end({ by: 'heir' });
    expect(await answered()).toMatchObject([{ outcome: 'succeeded', evidence: { by: 'heir' } }]);
    expect(zombie.calls).toHaveLength(1);
    await cutPool.end();
  });
});

describe('stop', () => {
  it('lets a running handler finish and takes nothing new', async () => {
    const held = heldHandler();
    const member = worker(held.handler, { stopGraceMs: FAR_MS });
    await ask();
    const first = await call(held);
    const stopped = member.stop();
    await ask({}, { tenant: newId() });
    first.end();
    await stopped;
    expect(await answers()).toMatchObject([{ outcome: 'succeeded' }]);
    expect(held.calls).toHaveLength(1);
  });

  it('gives back what a claim brings that was on its way', async () => {
    const held = heldHandler();
    const locker = await admin.connect();
    await locker.query('BEGIN');
    await locker.query('LOCK TABLE tenantry.inbox');
    const member = worker(held.handler, { leaseMs: FAR_MS });
    await waitFor('the claim to wait for the lock', async () => {
      const waiting = await query('SELECT FROM pg_locks WHERE NOT granted AND relation = $1::regclass', [
        'tenantry.inbox',
      ]);
      return waiting.length > 0;
    });
    const stopped = member.stop();
    await storeRequestTx(pgExecutor(locker), {
      tenantId,
      type: 'tenant.provisioning_requested.v1',
      request: requestEvent({ tenantId, seq: 1 }).data,
    });
    await locker.query('COMMIT');
    locker.release();
    await stopped;
    expect(await inbox()).toMatchObject([{ lease: null }]);
    expect(held.calls).toEqual([]);
  });

  it('aborts a handler that takes too long and hands its request to the next worker at once', async () => {
    const held = heldHandler();
    const member = worker(held.handler, { leaseMs: FAR_MS });
    await ask();
    const { control, fail } = await call(held);
    const stopped = member.stop();
    expect(await aborted(control)).toEqual({ reason: new WorkAbandoned('stopping') });
    fail(new Error('interrupted'));
    await stopped;
    expect(await answers()).toEqual([]);
    worker(async () => ({ evidence: { by: 'next' } }), { leaseMs: FAR_MS });
    expect(await answered()).toMatchObject([{ outcome: 'succeeded', evidence: { by: 'next' } }]);
  });
});
