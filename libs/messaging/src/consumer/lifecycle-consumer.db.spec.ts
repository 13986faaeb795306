import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { LifecycleEnvelope } from '../transport.js';
import { pgExecutor, type Row } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { consumerDatabase, factEvent, requestEvent, type ConsumerDatabase } from '@tenantry/testing';
import { Client, Pool } from 'pg';
import type { FactAppliers } from './fact-appliers.js';
import { LifecycleConsumer, type LifecycleConsumerOptions } from './lifecycle-consumer.js';
import { ConnectionLost } from './transaction.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const GROUP = 'reference-runner';

let database: ConsumerDatabase;
let admin: Client;
let pool: Pool;
let login: string;
let tenantId: string;
let applied: string[];

beforeAll(async () => {
  database = await consumerDatabase();
  admin = new Client(database.adminUrl);
  await admin.connect();
  await admin.query(
    'CREATE TABLE public.effect (no bigint GENERATED ALWAYS AS IDENTITY, tenant_id uuid, plan text)',
  );
  const account = await database.newLogin();
  login = account.name;
  await admin.query(`GRANT INSERT ON public.effect TO ${login}`);
  pool = new Pool({ connectionString: account.url, max: 4 });
  pool.on('error', () => undefined);
});

afterAll(async () => {
  await pool.end();
  await admin.end();
  await database.drop();
});

beforeEach(() => {
  tenantId = newId();
  applied = [];
});

const facts: FactAppliers = {
  'tenant.updated.v1': async ({ subject, data }, sql) => {
    await sql.query('INSERT INTO public.effect (tenant_id, plan) VALUES ($1, $2)', [subject, data.plan]);
    applied.push(data.plan);
    if (data.plan.startsWith('poison')) throw new Error(`cannot apply ${data.plan}`);
  },
};

const consumer = (options: Partial<LifecycleConsumerOptions> = {}): LifecycleConsumer =>
  new LifecycleConsumer({
    pool,
    participant: 'reference',
    group: GROUP,
    facts,
    logger,
    factAttempts: 2,
    ...options,
  });

const updated = (seq: number, plan = `plan-${seq}`, tenant = tenantId): LifecycleEnvelope =>
  factEvent({ tenantId: tenant, seq, type: 'tenant.updated.v1' }, { version: 1, plan, changed: ['plan'] });

const query = <R extends object = Row>(text: string, params: unknown[] = [tenantId]): Promise<R[]> =>
  pgExecutor(admin).query<R>(text, params);

async function effects(tenant = tenantId): Promise<string[]> {
  const rows = await query<{ plan: string }>(
    'SELECT plan FROM public.effect WHERE tenant_id = $1 ORDER BY no',
    [tenant],
  );
  return rows.map(({ plan }) => plan);
}

async function position(): Promise<string | undefined> {
  const rows = await query<{ last_seq: string }>(
    'SELECT last_seq FROM tenantry.consumer_position WHERE tenant_id = $1',
  );
  return rows[0]?.last_seq;
}

const inbox = (): Promise<Row[]> =>
  query('SELECT operation_id, generation, attempt, version FROM tenantry.inbox WHERE tenant_id = $1');
const parked = (): Promise<Row[]> =>
  query(
    'SELECT tenant_seq, envelope IS NULL AS passed, attempts, error FROM tenantry.parked_fact WHERE tenant_id = $1 ORDER BY tenant_seq',
  );
const rejected = (subject: string = tenantId): Promise<Row[]> =>
  query('SELECT event_id, type, reason FROM tenantry.rejected_event WHERE subject = $1', [subject]);

describe('the position guard', () => {
  it('applies facts in order and moves the position with them', async () => {
    const member = consumer();
    await member.handle(updated(1));
    await member.handle(updated(2));
    expect(await effects()).toEqual(['plan-1', 'plan-2']);
    expect(await position()).toBe('2');
  });

  it('skips what was delivered before', async () => {
    const member = consumer();
    const first = updated(1);
    for (const event of [first, updated(2), first, first]) await member.handle(event);
    expect(await effects()).toEqual(['plan-1', 'plan-2']);
    expect(member.counts).toMatchObject({ passed: 2, skipped: 2 });
  });

  it('applies an event once when two members hold it at the same time', async () => {
    const events = [updated(1), updated(2), updated(3)];
    for (const event of events)
      await Promise.all([consumer().handle(event), consumer().handle(event), consumer().handle(event)]);
    expect(await effects()).toEqual(['plan-1', 'plan-2', 'plan-3']);
  });

  it('accepts a gap, counts it and says where', async () => {
    const gaps: unknown[] = [];
    const member = consumer({ onGap: (tenant, gap) => gaps.push([tenant, gap]) });
    await member.handle(updated(2));
    await member.handle(updated(5));
    await member.handle(updated(6));
    expect(await effects()).toEqual(['plan-2', 'plan-5', 'plan-6']);
    expect(member.counts.gaps).toBe(1);
    expect(gaps).toEqual([[tenantId, { last: 2n, next: 5n }]]);
  });

  it('takes a tenant up anywhere, and follows an epoch beyond 2^53', async () => {
    const member = consumer();
    await member.handle(requestEvent({ tenantId, seq: 9_000_000_000_000_000_001n }));
    await member.handle(requestEvent({ tenantId, seq: 9_000_000_000_000_000_002n }));
    expect(await position()).toBe('9000000000000000002');
    expect(member.counts.gaps).toBe(0);
  });

  it('passes what concerns others or nobody here', async () => {
    const member = consumer();
    await member.handle(requestEvent({ tenantId, seq: 1 }, { participants: ['billing'] }));
    await member.handle(
      factEvent(
        { tenantId, seq: 2, type: 'tenant.provisioned.v1' },
        { operationId: newId(), generation: 1, state: 'ACTIVE' },
      ),
    );
    expect(await position()).toBe('2');
    expect(await inbox()).toEqual([]);
  });

  it('keeps effect and position together when the effect fails', async () => {
    let calls = 0;
    const once: FactAppliers = {
      'tenant.updated.v1': async (event, sql) => {
        calls += 1;
        await sql.query('INSERT INTO public.effect (tenant_id, plan) VALUES ($1, $2)', [
          event.subject,
          `call-${calls}`,
        ]);
        if (calls === 1) throw new Error('not now');
      },
    };
    await consumer({ facts: once }).handle(updated(1));
    expect(await effects()).toEqual(['call-2']);
    expect(await parked()).toEqual([]);
  });
});

describe('requests', () => {
  it('keeps the newest: more attempts of one operation merge, a newer operation takes the place', async () => {
    let woken = 0;
    const member = consumer({ onRequest: () => (woken += 1) });
    const operationId = newId();
    await member.handle(requestEvent({ tenantId, seq: 1 }, { operationId }));
    await member.handle(requestEvent({ tenantId, seq: 2 }, { operationId, attempt: 3 }));
    await member.handle(requestEvent({ tenantId, seq: 3 }, { operationId, attempt: 2 }));
    expect(await inbox()).toEqual([
      { operation_id: operationId, generation: '1', attempt: '3', version: '1' },
    ]);
    const newer = newId();
    await member.handle(
      requestEvent(
        { tenantId, seq: 4, type: 'tenant.suspension_requested.v1' },
        { operationId: newer, generation: 2 },
      ),
    );
    await member.handle(requestEvent({ tenantId, seq: 5 }, { operationId, attempt: 9 }));
    expect(await inbox()).toEqual([{ operation_id: newer, generation: '2', attempt: '1', version: '2' }]);
    expect(woken).toBe(5);
  });
});

describe('events that cannot be read', () => {
  it('records them with the reason and goes on', async () => {
    const member = consumer();
    await member.handle({ ...updated(1), data: { version: 'one' } });
    await member.handle({ ...updated(2), type: 'tenant.resurrected.v1' });
    await member.handle(updated(3));
    expect(await effects()).toEqual(['plan-3']);
    expect(await rejected()).toMatchObject([
      { type: 'tenant.updated.v1', reason: expect.stringContaining('version') },
      { type: 'tenant.resurrected.v1' },
    ]);
    expect(member.counts).toMatchObject({ rejected: 2, gaps: 0 });
  });

  it('records one that has no tenant or no sequence, without any position', async () => {
    const subject = `nobody-${newId()}`;
    await consumer().handle({ ...updated(1), subject });
    const { tenantSeq: _, ...unplaced } = updated(1);
    await consumer().handle(unplaced);
    expect(await rejected(subject)).toMatchObject([{ reason: expect.stringContaining('tenant id') }]);
    expect(await rejected()).toMatchObject([{ reason: expect.stringContaining('sequence') }]);
    expect(await position()).toBeUndefined();
  });

  it('survives NUL bytes, lone surrogates and ids that the schema lets through and Postgres does not', async () => {
    const member = consumer();
    await member.onMalformed('bad\0reason', 'raw\0\ud800');
    await member.handle({ ...updated(1), id: 'a\0b', type: 'x\0y', data: { text: '\0\ud800' } });
    const placement = {
      store: 'primary',
      isolation: 'pooled' as const,
      cluster: '\0\udfff',
      database: null,
      schema: null,
    };
    await member.handle({
      ...requestEvent({ tenantId, seq: 2, traceparent: '\0' }, { placements: [placement] }),
      id: '\0',
    });
    expect(await inbox()).toHaveLength(1);
    await member.handle(requestEvent({ tenantId, seq: 3 }, { operationId: `urn:uuid:${newId()}` }));
    expect(await position()).toBe('3');
    expect(await rejected()).toMatchObject([
      { event_id: 'a\uFFFDb' },
      { reason: expect.stringContaining('uuid') },
    ]);
  });
});

describe('a poison fact', () => {
  it('is parked after its attempts, its effect undone, and announced', async () => {
    let woken = 0;
    const member = consumer({ onAcknowledgement: () => (woken += 1) });
    const poison = updated(1, 'poison');
    await member.handle(poison);
    await member.handle(poison);
    expect(applied).toEqual(['poison', 'poison']);
    expect(await effects()).toEqual([]);
    expect(await parked()).toEqual([
      { tenant_seq: '1', passed: false, attempts: 2, error: 'cannot apply poison' },
    ]);
    const announcements = await query(
      `SELECT envelope FROM tenantry.acknowledgement_outbox WHERE envelope->>'subject' = $1`,
    );
    expect(announcements).toMatchObject([
      {
        envelope: {
          type: 'participant.parked.v1',
          data: { group: GROUP, tenantSeq: '1', eventId: poison.id, attempts: 2 },
        },
      },
    ]);
    expect(woken).toBe(1);
  });

  it('holds back the later facts of its tenant in order; requests pass and leave their place', async () => {
    const member = consumer();
    await member.handle(updated(1, 'poison'));
    await member.handle(updated(2));
    await member.handle(requestEvent({ tenantId, seq: 3, type: 'tenant.suspension_requested.v1' }));
    await member.handle(updated(4));
    expect(await effects()).toEqual([]);
    expect(await inbox()).toHaveLength(1);
    expect(await position()).toBe('4');
    expect(await parked()).toMatchObject([
      { tenant_seq: '1', passed: false, attempts: 2 },
      { tenant_seq: '2', passed: false, attempts: 0, error: null },
      { tenant_seq: '3', passed: true },
      { tenant_seq: '4', passed: false },
    ]);
  });

  it('holds back nobody else', async () => {
    const member = consumer();
    await member.handle(updated(1, 'poison'));
    const others = Array.from({ length: 20 }, () => newId());
    for (const other of others) await member.handle(updated(1, 'fine', other));
    for (const other of others) expect(await effects(other)).toEqual(['fine']);
  });

  it('is parked too when it swallows a failed statement', async () => {
    const careless: FactAppliers = {
      'tenant.updated.v1': (_, sql) =>
        sql.query('SELECT 1/0').then(
          () => undefined,
          () => undefined,
        ),
    };
    await consumer({ facts: careless }).handle(updated(1));
    expect(await parked()).toMatchObject([{ tenant_seq: '1', error: expect.stringContaining('aborted') }]);
  });
});

describe('a lost database', () => {
  it('parks nothing: the event is refused and applied when it comes again', async () => {
    const cut: FactAppliers = {
      'tenant.updated.v1': async (event, sql) => {
        const [row] = await sql.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        await admin.query('SELECT pg_terminate_backend($1, 5000)', [row?.pid]);
        await sql.query('INSERT INTO public.effect (tenant_id) VALUES ($1)', [event.subject]);
      },
    };
    await expect(consumer({ facts: cut }).handle(updated(1))).rejects.toThrow(ConnectionLost);
    expect(await position()).toBeUndefined();
    await consumer().handle(updated(1));
    expect(await effects()).toEqual(['plan-1']);
  });

  it('refuses while nobody can log in', async () => {
    await admin.query(`ALTER ROLE ${login} NOLOGIN`);
    await admin.query('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = $1', [
      login,
    ]);
    try {
      await expect(consumer().handle(updated(1))).rejects.toThrow(ConnectionLost);
    } finally {
      await admin.query(`ALTER ROLE ${login} LOGIN`);
    }
    await consumer().handle(updated(1));
    expect(await effects()).toEqual(['plan-1']);
  });
});
