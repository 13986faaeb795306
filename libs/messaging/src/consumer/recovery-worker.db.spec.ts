import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { StateRecord } from '@tenantry/contracts';
import { pgExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import {
  consumerDatabase,
  factEvent,
  recoveryEvent,
  replayEvent,
  requestEvent,
  waitFor,
  type ConsumerDatabase,
} from '@tenantry/testing';
import { Pool } from 'pg';
import type { LifecycleEnvelope } from '../transport.js';
import type { FactAppliers } from './fact-appliers.js';
import { LifecycleConsumer, type LifecycleConsumerOptions } from './lifecycle-consumer.js';
import { RecoveryWorker, type RecoveryWorkerOptions } from './recovery-worker.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const NAME = { participant: 'reference', group: 'reference-runner' };

let database: ConsumerDatabase;
let admin: Pool;
let pool: Pool;
let tenantId: string;
let broken: Set<string>;
let tried: string[];
let gate: Promise<void>;
const workers: RecoveryWorker[] = [];

beforeAll(async () => {
  database = await consumerDatabase();
  admin = new Pool({ connectionString: database.adminUrl, max: 4 });
  await admin.query(
    'CREATE TABLE public.effect (no bigint GENERATED ALWAYS AS IDENTITY, tenant_id uuid, plan text)',
  );
  const account = await database.newLogin();
  await admin.query(`GRANT INSERT ON public.effect TO ${account.name}`);
  pool = new Pool({ connectionString: account.url, max: 6 });
});

afterAll(async () => {
  await pool.end();
  await admin.end();
  await database.drop();
});

beforeEach(() => {
  tenantId = newId();
  broken = new Set();
  tried = [];
  gate = Promise.resolve();
});

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});

/** Writes the plan down; fails for those that the test calls broken, after having written. */
const facts: FactAppliers = {
  'tenant.updated.v1': async ({ subject, data: { plan } }, sql) => {
    tried.push(plan);
    await gate;
    await sql.query('INSERT INTO public.effect (tenant_id, plan) VALUES ($1, $2)', [subject, plan]);
    if (broken.has(plan)) throw new Error(`cannot apply ${plan}`);
  },
};

const consumer = (options: Partial<LifecycleConsumerOptions> = {}): LifecycleConsumer =>
  new LifecycleConsumer({ pool, ...NAME, facts, logger, factAttempts: 1, ...options });

function worker(options: Partial<RecoveryWorkerOptions> = {}): RecoveryWorker {
  const made = new RecoveryWorker({ pool, ...NAME, facts, logger, factAttempts: 2, pollMs: 20, ...options });
  workers.push(made);
  made.start();
  return made;
}

const updated = (seq: number, plan = `plan-${seq}`): LifecycleEnvelope =>
  factEvent({ tenantId, seq, type: 'tenant.updated.v1' }, { version: 1, plan, changed: ['plan'] });

const redrive = (seq: number, of: number, operationId = newId(), attempt = 1): LifecycleEnvelope =>
  recoveryEvent(
    { tenantId, seq, type: 'participant.redrive_requested.v1' },
    { operationId, attempt, tenantSeq: String(of) },
  );

const skip = (seq: number, of: number): LifecycleEnvelope =>
  recoveryEvent({ tenantId, seq, type: 'participant.skip_requested.v1' }, { tenantSeq: String(of) });

async function take(...events: LifecycleEnvelope[]): Promise<void> {
  const member = consumer();
  for (const event of events) await member.handle(event);
}

/** Parks the fact with sequence 1 and lets two more wait behind it, with a request between them that passes. */
async function park(): Promise<void> {
  broken.add('plan-1');
  const request = requestEvent({ tenantId, seq: 3, type: 'tenant.suspension_requested.v1' });
  await take(updated(1), updated(2), request, updated(4));
  tried = [];
}

async function effects(): Promise<string[]> {
  const { rows } = await admin.query<{ plan: string }>(
    'SELECT plan FROM public.effect WHERE tenant_id = $1 ORDER BY no',
    [tenantId],
  );
  return rows.map(({ plan }) => plan);
}

interface Said {
  readonly type: string;
  readonly data: Record<string, unknown>;
}

async function said(): Promise<Said[]> {
  const { rows } = await admin.query<Said>(
    `SELECT envelope ->> 'type' AS type, envelope -> 'data' AS data FROM tenantry.acknowledgement_outbox
     WHERE envelope ->> 'subject' = $1 ORDER BY enqueue_no`,
    [tenantId],
  );
  return rows;
}

const answers = async (): Promise<Said['data'][]> =>
  (await said()).filter(({ type }) => type === 'participant.acknowledged.v1').map(({ data }) => data);

const answered = (count = 1): Promise<Said['data'][]> =>
  waitFor(`${count} answers`, async () => {
    const found = await answers();
    return found.length >= count && found;
  });

async function queue(): Promise<string[]> {
  const { rows } = await admin.query<{ tenant_seq: string }>(
    'SELECT tenant_seq FROM tenantry.parked_fact WHERE tenant_id = $1 ORDER BY tenant_seq',
    [tenantId],
  );
  return rows.map((row) => row.tenant_seq);
}

describe('what parks a fact', () => {
  it('is announced with its data, its error and where it failed', async () => {
    await park();
    expect(await said()).toMatchObject([
      {
        type: 'participant.parked.v1',
        data: {
          ...NAME,
          tenantSeq: '1',
          attempts: 1,
          error: 'cannot apply plan-1',
          payload: { plan: 'plan-1' },
          stack: expect.stringContaining('recovery-worker.db.spec'),
        },
      },
    ]);
  });

  it('is announced without its data when that is large', async () => {
    const plan = 'x'.repeat(70_000);
    broken.add(plan);
    await take(updated(1, plan));
    const [announcement] = await said();
    expect(announcement?.data).toMatchObject({ tenantSeq: '1' });
    expect(announcement?.data).not.toHaveProperty('payload');
  });
});

describe('a redrive', () => {
  it('applies the parked fact and what waits behind it, in order, and says so', async () => {
    await park();
    broken.clear();
    const event = redrive(5, 1);
    await take(event, updated(6));
    worker();
    const [answer] = await answered();
    expect(answer).toMatchObject({ outcome: 'succeeded', attempt: 1, evidence: { applied: 4 } });
    expect(await effects()).toEqual(['plan-1', 'plan-2', 'plan-4', 'plan-6']);
    expect(await queue()).toEqual([]);
    expect((await said()).map(({ type }) => type)).toEqual([
      'participant.parked.v1',
      'participant.unparked.v1',
      'participant.acknowledged.v1',
    ]);
    await take(updated(7));
    expect((await effects()).at(-1)).toBe('plan-7');
  });

  it('parks the fact again when it still fails, with all its attempts, and holds back the rest', async () => {
    await park();
    await take(redrive(5, 1));
    worker();
    const [answer] = await answered();
    expect(answer).toMatchObject({ outcome: 'failed', retryable: false, error: 'cannot apply plan-1' });
    expect(await effects()).toEqual([]);
    expect(tried).toEqual(['plan-1', 'plan-1']);
    expect((await said())[1]).toMatchObject({
      type: 'participant.parked.v1',
      data: { tenantSeq: '1', attempts: 3, operationId: answer?.['operationId'] },
    });
    await take(updated(6));
    expect(await effects()).toEqual([]);
  });

  it('goes as far as the next fact that cannot be applied, and that one is parked', async () => {
    await park();
    broken = new Set(['plan-2']);
    await take(redrive(5, 1));
    worker();
    expect(await answered()).toMatchObject([{ outcome: 'failed', error: 'cannot apply plan-2' }]);
    expect(await effects()).toEqual(['plan-1']);
    expect((await said()).slice(1, 3)).toMatchObject([
      { type: 'participant.unparked.v1', data: { tenantSeq: '1', how: 'applied' } },
      { type: 'participant.parked.v1', data: { tenantSeq: '2', attempts: 2 } },
    ]);
  });

  it('is refused when the fact is not at the head of the queue', async () => {
    await park();
    await take(redrive(5, 2));
    worker();
    expect(await answered()).toMatchObject([
      { outcome: 'failed', error: expect.stringContaining('sequence 1 now') },
    ]);
    expect(tried).toEqual([]);
    expect(await queue()).toContain('1');
  });

  it('asked for twice is done once and answered each time', async () => {
    await park();
    broken.clear();
    const operationId = newId();
    await take(redrive(5, 1, operationId));
    worker();
    await answered();
    await take(redrive(6, 1, operationId, 2));
    expect(await answered(2)).toMatchObject([
      { operationId, attempt: 1, outcome: 'succeeded' },
      { operationId, attempt: 2, outcome: 'succeeded', evidence: { applied: 3 } },
    ]);
    expect(await effects()).toEqual(['plan-1', 'plan-2', 'plan-4']);
  });

  it('is passed by when it is another participant’s, or for another group', async () => {
    await park();
    broken.clear();
    const type = 'participant.redrive_requested.v1';
    await take(
      recoveryEvent({ tenantId, seq: 5, type }, { tenantSeq: '1', participants: ['billing'] }),
      recoveryEvent({ tenantId, seq: 6, type }, { tenantSeq: '1', group: 'reference.reports' }),
    );
    const { rows } = await admin.query('SELECT FROM tenantry.recovery WHERE tenant_id = $1', [tenantId]);
    expect(rows).toEqual([]);
    expect(await queue()).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  it('applies each fact once when several workers have a hand in it', async () => {
    await park();
    broken.clear();
    await take(...Array.from({ length: 30 }, (_, index) => updated(index + 5)), redrive(35, 1));
    for (let count = 0; count < 3; count++) worker();
    await answered();
    expect(await effects()).toEqual(
      [1, 2, 4, ...Array.from({ length: 30 }, (_, i) => i + 5)].map((seq) => `plan-${seq}`),
    );
  });

  it('makes what arrives meanwhile wait for its turn', async () => {
    await park();
    broken.clear();
    const opening = Promise.withResolvers<void>();
    gate = opening.promise;
    await take(redrive(5, 1));
    worker();
    await waitFor('the fact to be tried', () => tried.length > 0);
    const arriving = take(updated(6), updated(7));
    opening.resolve();
    await arriving;
    await answered();
    await waitFor('everything', async () => (await effects()).length === 5);
    expect(await effects()).toEqual(['plan-1', 'plan-2', 'plan-4', 'plan-6', 'plan-7']);
  });
});

describe('a skip', () => {
  it('gives the fact up, says so, and goes on with what waits behind it', async () => {
    await park();
    await take(skip(5, 1));
    worker();
    expect(await answered()).toMatchObject([{ outcome: 'succeeded', evidence: { applied: 2 } }]);
    expect(await effects()).toEqual(['plan-2', 'plan-4']);
    expect((await said())[1]).toMatchObject({
      type: 'participant.unparked.v1',
      data: { tenantSeq: '1', how: 'skipped' },
    });
    expect(tried).not.toContain('plan-1');
  });
});

describe('a replay', () => {
  const history = (): LifecycleEnvelope[] => [updated(1), updated(2), updated(3)];

  it('applies facts that were applied before, although the position is beyond them', async () => {
    const past = history();
    await take(...past, replayEvent({ tenantId, seq: 4 }, past.slice(1)));
    worker();
    expect(await answered()).toMatchObject([{ outcome: 'succeeded', evidence: { applied: 2 } }]);
    expect(await effects()).toEqual(['plan-1', 'plan-2', 'plan-3', 'plan-2', 'plan-3']);
  });

  it('is done once, however often it is delivered and asked for', async () => {
    const past = history();
    const operationId = newId();
    const first = replayEvent({ tenantId, seq: 4 }, past, { operationId });
    await take(...past, first, first);
    worker();
    await answered();
    await take(first, replayEvent({ tenantId, seq: 5 }, past, { operationId, attempt: 2 }));
    expect(await answered(2)).toMatchObject([{ attempt: 1 }, { attempt: 2, evidence: { applied: 3 } }]);
    expect(await effects()).toHaveLength(6);
  });

  it('comes before newer facts, so that what is newest is applied last', async () => {
    const past = history();
    await take(...past, replayEvent({ tenantId, seq: 4 }, past), updated(5));
    expect(await effects()).toHaveLength(3);
    worker();
    await answered();
    expect((await effects()).slice(3)).toEqual(['plan-1', 'plan-2', 'plan-3', 'plan-5']);
  });

  it('waits until all its parts are there, in any number of attempts', async () => {
    const past = history();
    const operationId = newId();
    const part = (seq: number, number: number, attempt: number): LifecycleEnvelope =>
      replayEvent({ tenantId, seq }, past.slice(number - 1, number), {
        operationId,
        attempt,
        part: number,
        parts: 3,
      });
    await take(...past, part(4, 1, 1), part(5, 3, 1));
    const idle = worker();
    await idle.stop();
    expect(await answers()).toEqual([]);
    await take(part(6, 1, 2), part(7, 2, 2), part(8, 3, 2));
    worker();
    expect(await answered()).toMatchObject([{ outcome: 'succeeded', attempt: 2, evidence: { applied: 3 } }]);
    expect((await effects()).slice(3)).toEqual(['plan-1', 'plan-2', 'plan-3']);
  });

  it('replays facts alone, and none from the future', async () => {
    const past = history();
    const request = requestEvent({ tenantId, seq: 2 });
    await take(...past, replayEvent({ tenantId, seq: 4 }, [updated(1), request, updated(9)]));
    worker();
    expect(await answered()).toMatchObject([{ outcome: 'succeeded', evidence: { applied: 1 } }]);
    const { rows } = await admin.query('SELECT FROM tenantry.inbox WHERE tenant_id = $1', [tenantId]);
    expect(rows).toEqual([]);
  });

  it('parks a fact that cannot be applied, and a redrive goes on from there', async () => {
    const past = history();
    await take(...past, replayEvent({ tenantId, seq: 4 }, past));
    broken.add('plan-2');
    worker();
    expect(await answered()).toMatchObject([{ outcome: 'failed', error: 'cannot apply plan-2' }]);
    broken.clear();
    await take(redrive(5, 2));
    expect(await answered(2)).toMatchObject([{}, { outcome: 'succeeded', evidence: { applied: 2 } }]);
    expect((await effects()).slice(3)).toEqual(['plan-1', 'plan-2', 'plan-3']);
  });

  it('merges with what is parked: the older facts first, then the parked one', async () => {
    await park();
    broken.clear();
    const older = factEvent(
      { tenantId, seq: 1, type: 'tenant.updated.v1' },
      { version: 1, plan: 'another', changed: ['plan'] },
    );
    await take(replayEvent({ tenantId, seq: 5 }, [older, updated(2)]));
    worker();
    await answered();
    // What waits already is what was delivered, not what the replay brings.
    expect(await effects()).toEqual(['plan-1', 'plan-2', 'plan-4']);
    expect(await queue()).toEqual([]);
  });
});

describe('a gap', () => {
  const record = (tenantSeq: number): StateRecord => ({
    tenantId,
    slug: 'acme',
    state: 'ACTIVE',
    plan: `record-${tenantSeq}`,
    region: 'default',
    isolation: 'pooled',
    generation: 1,
    version: tenantSeq,
    tenantSeq: String(tenantSeq),
    routes: [],
    updatedAt: '2026-01-01T00:00:00.000Z',
  });
  const reload: NonNullable<RecoveryWorkerOptions['reload']> = async ({ plan }, sql) => {
    await sql.query('INSERT INTO public.effect (tenant_id, plan) VALUES ($1, $2)', [tenantId, plan]);
  };
  const finished = (): Promise<unknown> =>
    waitFor('the reload', async () => {
      const { rows } = await admin.query(
        `SELECT FROM tenantry.recovery WHERE tenant_id = $1 AND kind = 'reload' AND outcome = 'succeeded'`,
        [tenantId],
      );
      return rows.length > 0;
    });

  it('has the tenant loaded from its state record, and later facts wait until then', async () => {
    const member = consumer({ reloads: true });
    let known: StateRecord | undefined = record(1);
    const stateOf = (): StateRecord | undefined => known;
    for (const event of [updated(1), updated(4), updated(5)]) await member.handle(event);
    expect(member.counts.gaps).toBe(1);
    worker({ reload, stateOf });
    await waitFor('the old record to be looked at', async () => {
      const { rows } = await admin.query(
        'SELECT FROM tenantry.recovery WHERE tenant_id = $1 AND attempts > 1',
        [tenantId],
      );
      return rows.length > 0;
    });
    expect(await effects()).toEqual(['plan-1']);
    known = record(4);
    await finished();
    expect(await effects()).toEqual(['plan-1', 'record-4', 'plan-5']);
    await member.handle(updated(6));
    expect((await effects()).at(-1)).toBe('plan-6');
  });

  it('applies nothing again that a record ahead of the events has in it', async () => {
    const member = consumer({ reloads: true });
    for (const event of [updated(1), updated(4), updated(5)]) await member.handle(event);
    worker({ reload, stateOf: () => record(6) });
    await finished();
    await member.handle(updated(6));
    await member.handle(updated(7));
    expect(await effects()).toEqual(['plan-1', 'record-6', 'plan-7']);
  });

  it('shown by a request does not hold that up', async () => {
    const member = consumer({ reloads: true });
    await member.handle(updated(1));
    await member.handle(requestEvent({ tenantId, seq: 3, type: 'tenant.suspension_requested.v1' }));
    const { rows } = await admin.query('SELECT FROM tenantry.inbox WHERE tenant_id = $1', [tenantId]);
    expect(rows).toHaveLength(1);
    await member.handle(updated(4));
    expect(await effects()).toEqual(['plan-1']);
    worker({ reload, stateOf: () => record(3) });
    await finished();
    expect(await effects()).toEqual(['plan-1', 'record-3', 'plan-4']);
  });

  it('is only counted where nothing is derived from facts', async () => {
    const member = consumer();
    await member.handle(updated(1));
    await member.handle(updated(4));
    expect(member.counts.gaps).toBe(1);
    expect(await effects()).toEqual(['plan-1', 'plan-4']);
    expect(
      await pgExecutor(admin).query('SELECT FROM tenantry.recovery WHERE tenant_id = $1', [tenantId]),
    ).toEqual([]);
  });
});
