import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { StateRecord } from '@tenantry/contracts';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import {
  busDatabase,
  silencingProxy,
  TRANSPORT_CASES,
  waitFor,
  type BusDatabase,
  type TransportRig,
} from '@tenantry/testing';
import { Pool } from 'pg';
import { Outbox, type NewEvent } from '../outbox.js';
import { Relay } from '../relay.js';
import type { ControlPlaneTransport, LifecycleEnvelope, ParticipantTransport } from '../transport.js';
import { createEmbeddedControlPlaneTransport } from './embedded-control-plane-transport.js';
import {
  createEmbeddedParticipantTransport,
  type EmbeddedParticipantOptions,
} from './embedded-participant-transport.js';

const logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const outbox = new Outbox();

const updated = (tenantId: string, tenantSeq: bigint): NewEvent => ({
  tenantId,
  tenantSeq,
  generation: 1,
  type: 'tenant.updated.v1',
  data: { version: 1, plan: 'free', changed: ['plan'] },
});

const stateOf = (tenantId: string): StateRecord => ({
  tenantId,
  slug: 'acme',
  state: 'ACTIVE',
  plan: 'free',
  region: 'default',
  isolation: 'pooled',
  generation: 1,
  version: 1,
  tenantSeq: '1',
  routes: [],
  updatedAt: '2026-01-01T00:00:00.000Z',
});

describe('embedded transport', () => {
  let database: BusDatabase;
  let pool: Pool;
  let admin: Pool;
  let sql: SqlExecutor;
  let control: ControlPlaneTransport;
  let relay: Relay;
  let participants: ParticipantTransport[];

  beforeAll(async () => {
    database = await busDatabase();
    pool = new Pool({ connectionString: database.controlUrl, max: 30 });
    admin = new Pool({ connectionString: database.adminUrl, max: 1 });
    sql = pgExecutor(pool);
  });

  afterAll(async () => {
    await pool.end();
    await admin.end();
    await database.drop();
  });

  beforeEach(() => {
    participants = [];
    control = createEmbeddedControlPlaneTransport({ pool, logger });
    relay = new Relay({ pool, transport: control, logger });
    relay.start();
  });

  afterEach(async () => {
    await Promise.all(participants.map((participant) => participant.close()));
    await relay.stop();
    await control.close();
  });

  const participant = async (
    name: string,
    options: Partial<EmbeddedParticipantOptions> = {},
  ): Promise<ParticipantTransport> => {
    const url = await database.participantUrl(name);
    const transport = createEmbeddedParticipantTransport({ url, logger, ...options });
    participants.push(transport);
    return transport;
  };

  it.each(TRANSPORT_CASES)(
    '$name',
    async ({ run }) => {
      const rig: TransportRig = {
        control,
        participant,
        enqueue: (events) => outbox.enqueueTx(sql, events),
        saveState: (record) => outbox.saveStateTx(sql, record),
      };
      await run(rig);
    },
    90_000,
  );

  it('lets a participant reach the functions of the port and nothing else', async () => {
    const alice = new Pool({ connectionString: await database.participantUrl('alice') });
    const forbidden = [
      'SELECT * FROM tenantry.tenant_event',
      'SELECT * FROM tenantry.position',
      'DELETE FROM tenantry.acknowledgement',
      'SELECT * FROM tenantry.tenant_state',
      `SELECT tenantry.transport_publish('{}', '{}', '{}')`,
      `UPDATE tenantry.transport_login SET participant = 'bob'`,
    ];
    for (const statement of forbidden)
      await expect(alice.query(statement)).rejects.toThrow('permission denied');
    await alice.end();
  });

  it("refuses another participant's groups, by name and by lease", async () => {
    const alice = new Pool({ connectionString: await database.participantUrl('alice') });
    const tenantId = newId();
    const calls = [
      `transport_join('bob')`,
      `transport_join('bob.x')`,
      `transport_join('alicexbob')`,
      `transport_claim('bob', 1, 1000)`,
      `transport_events('bob', '${tenantId}', 0, 1)`,
      `transport_advance('bob', '${tenantId}', 1, 0, 1)`,
      `transport_renew('bob', '${tenantId}', 1, 1000)`,
      `transport_release('bob', '${tenantId}', 1, 0)`,
    ];
    for (const call of calls)
      await expect(alice.query(`SELECT tenantry.${call}`)).rejects.toMatchObject({ code: '42501' });
    await alice.query(`SELECT tenantry.transport_join('alice.anything')`);
    await alice.end();
  });

  it('fails the subscriptions of a login that is nobody and leaves nothing of them, until it is somebody', async () => {
    const url = await database.participantUrl('carol');
    const login = new URL(url).username;
    await admin.query('DELETE FROM tenantry.transport_login WHERE login = $1', [login]);
    const carol = createEmbeddedParticipantTransport({ url, logger });
    participants.push(carol);
    const subscribe = () =>
      carol.consumeLifecycle({
        group: 'carol',
        handler: async () => undefined,
        onMalformed: async () => undefined,
      });
    const follow = () => carol.followState({ handler: () => undefined, onMalformed: () => undefined });
    const refused = await subscribe();
    await expect(refused.failed).rejects.toMatchObject({ code: '42501' });
    await expect(follow()).rejects.toMatchObject({ code: '42501' });
    await waitFor('the listeners to be gone', async () => {
      const { rowCount } = await admin.query(
        `SELECT FROM pg_stat_activity WHERE usename = $1 AND (query LIKE 'LISTEN%' OR query = 'SELECT 1')`,
        [login],
      );
      return rowCount === 0;
    });
    await admin.query(`INSERT INTO tenantry.transport_login (login, participant) VALUES ($1, 'carol')`, [
      login,
    ]);
    const subscriptions = [await subscribe(), await follow()];
    const tenantId = newId();
    await outbox.enqueueTx(sql, [updated(tenantId, 1n)]);
    await waitFor('the event to be taken', async () => {
      const { rowCount } = await admin.query(
        `SELECT FROM tenantry.position WHERE grp = 'carol' AND tenant_id = $1 AND last_seq = 1`,
        [tenantId],
      );
      return rowCount === 1;
    });
    await Promise.all(subscriptions.map((subscription) => subscription.stop()));
  });

  it('goes on when its connections have fallen silent', async () => {
    const proxy = await silencingProxy(await database.participantUrl('alice'));
    const transport = await participant('alice', { url: proxy.url, queryTimeoutMs: 500, rescanMs: 1_000 });
    const events: string[] = [];
    const records: string[] = [];
    const subscriptions = [
      await transport.consumeLifecycle({
        group: 'alice.silenced',
        handler: async ({ subject }) => void events.push(subject),
        onMalformed: async () => undefined,
      }),
      await transport.followState({
        handler: ({ tenantId }) => void records.push(tenantId),
        onMalformed: () => undefined,
      }),
    ];
    proxy.silence();
    const tenantId = newId();
    await outbox.enqueueTx(sql, [updated(tenantId, 1n)]);
    await outbox.saveStateTx(sql, stateOf(tenantId));
    await waitFor('both', () => events.includes(tenantId) && records.includes(tenantId), 20_000);
    await Promise.all(subscriptions.map((subscription) => subscription.stop()));
    await transport.close();
    await proxy.close();
  });

  it('stops within seconds when the database does not answer any more', async () => {
    const proxy = await silencingProxy(await database.participantUrl('alice'));
    const transport = createEmbeddedParticipantTransport({ url: proxy.url, logger });
    await transport.consumeLifecycle({
      group: 'alice.muted',
      handler: async () => undefined,
      onMalformed: async () => undefined,
    });
    await transport.followState({ handler: () => undefined, onMalformed: () => undefined });
    proxy.silenceForGood();
    await waitFor('an answer that is lost', () => proxy.swallowed() > 0);
    const began = performance.now();
    await transport.close();
    expect(performance.now() - began).toBeLessThan(8_000);
    await proxy.close();
  });

  it('takes the participant of an acknowledgement from the login, whatever the body says', async () => {
    const tenantId = newId();
    await (
      await participant('alice')
    ).acknowledge([
      {
        id: newId(),
        source: '/tenantry/participants/bob',
        type: 'participant.acknowledged.v1',
        time: 'now',
        subject: tenantId,
        data: {},
      },
    ]);
    const rows = await sql.query('SELECT participant FROM tenantry.acknowledgement WHERE subject = $1', [
      tenantId,
    ]);
    expect(rows).toEqual([{ participant: 'alice' }]);
    await sql.query('DELETE FROM tenantry.acknowledgement');
  });

  it.each([
    ['a NUL', { reason: 'a\0b' }, newId()],
    ['half of a surrogate pair', { reason: '\ud83d' }, newId()],
    ['a NUL in its subject', {}, 'a\0b'],
  ])('lets an acknowledgement with %s pass, and those beside it', async (_what, data, subject) => {
    const beside = newId();
    const message = (of: string, payload: object) => ({
      id: newId(),
      source: '/tenantry/participants/alice',
      type: 'participant.acknowledged.v1',
      time: 'now',
      subject: of,
      data: payload,
    });
    await (await participant('alice')).acknowledge([message(subject, data), message(beside, { fine: true })]);
    const rows = await sql.query('SELECT subject, envelope FROM tenantry.acknowledgement ORDER BY id');
    expect(rows).toMatchObject([
      { subject: subject.replace('\0', ''), envelope: { subject, data } },
      { subject: beside, envelope: { data: { fine: true } } },
    ]);
    await sql.query('DELETE FROM tenantry.acknowledgement');
  });

  it('passes what is nested too deeply to be handled, both ways, with its text', async () => {
    // Deeper, and Postgres itself refuses it.
    const data = '['.repeat(12_000) + ']'.repeat(12_000);
    const tenantId = newId();
    const envelope = (type: string) =>
      `{"id":"${newId()}","source":"s","type":"${type}","time":"now","subject":"${tenantId}","tenantSeq":"1","data":${data}}`;
    const malformed: string[] = [];
    const onMalformed = async (...[reason, raw]: string[]): Promise<void> => {
      malformed.push(`${reason}: ${raw?.length}`);
    };
    const handler = async () => undefined;
    const lifecycle = await (
      await participant('alice')
    ).consumeLifecycle({ group: 'alice.deep', handler, onMalformed });
    await admin.query(
      `INSERT INTO tenantry.tenant_event (event_id, tenant_id, tenant_seq, type, occurred_at, envelope)
      VALUES ($1, $2, 1, 'tenant.updated.v1', now(), $3)`,
      [newId(), tenantId, envelope('tenant.updated.v1')],
    );
    await sql.query('SELECT tenantry.transport_publish($1::uuid[], $2::bigint[], $3::uuid[])', [
      [tenantId],
      ['1'],
      [],
    ]);
    await waitFor('the event to be passed', () => malformed.length === 1);
    await lifecycle.stop();
    await admin.query(
      `INSERT INTO tenantry.acknowledgement (participant, subject, envelope) VALUES ('alice', $1, $2)`,
      [tenantId, envelope('participant.acknowledged.v1')],
    );
    const acknowledgements = await control.consumeAcknowledgements({
      participants: async () => ['alice'],
      handler,
      onMalformed: (_participant, reason, raw) => onMalformed(reason, raw),
    });
    await waitFor('the acknowledgement to be passed', () => malformed.length === 2);
    await acknowledgements.stop();
    expect(malformed).toEqual(
      malformed.map(() => expect.stringMatching(/^data is nested deeper than 64 levels: 24\d\d\d$/)),
    );
  });

  it('passes a state record that is nested too deeply to be handled', async () => {
    const tenantId = newId();
    await admin.query(
      `INSERT INTO tenantry.tenant_state (tenant_id, tenant_seq, event_id, record, updated_at)
      VALUES ($1, 1, $2, $3, now())`,
      [tenantId, newId(), '['.repeat(12_000) + ']'.repeat(12_000)],
    );
    const reasons: string[] = [];
    const subscription = await (
      await participant('alice')
    ).followState({ handler: () => undefined, onMalformed: (reason) => void reasons.push(reason) });
    expect(reasons).toEqual(['nested deeper than 64 levels']);
    await subscription.stop();
    await admin.query('DELETE FROM tenantry.tenant_state WHERE tenant_id = $1', [tenantId]);
  });

  it('gives the tenants of a member that died to another, and refuses the dead one its late step', async () => {
    const tenantId = newId();
    const dead = new Pool({ connectionString: await database.participantUrl('alice') });
    await dead.query(`SELECT tenantry.transport_join('alice.dying')`);
    await outbox.enqueueTx(sql, [updated(tenantId, 1n)]);
    const claimed = await waitFor('a claim', async () => {
      const { rows } = await dead.query<{ tenant_id: string; lease: string }>(
        `SELECT * FROM tenantry.transport_claim('alice.dying', 1000, 300)`,
      );
      return rows.find((row) => row.tenant_id === tenantId);
    });
    const events: LifecycleEnvelope[] = [];
    const subscription = await (
      await participant('alice')
    ).consumeLifecycle({
      group: 'alice.dying',
      handler: async (event) => void events.push(event),
      onMalformed: async () => undefined,
    });
    await waitFor('the event', () => events.some(({ subject }) => subject === tenantId));
    const late = await dead.query(
      `SELECT tenantry.transport_advance('alice.dying', $1, $2, 0, 1) AS advanced`,
      [tenantId, claimed.lease],
    );
    expect(late.rows).toEqual([{ advanced: false }]);
    await subscription.stop();
    await dead.end();
  });

  it('does not disturb a working member by publishing', async () => {
    const tenantId = newId();
    const running: string[] = [];
    let most = 0;
    const gate = Promise.withResolvers<void>();
    const handler = async ({ subject, tenantSeq }: LifecycleEnvelope): Promise<void> => {
      if (subject !== tenantId) return;
      running.push(tenantSeq ?? '');
      most = Math.max(most, running.length);
      await gate.promise;
      running.splice(0, 1);
    };
    const onMalformed = async () => undefined;
    const subscriptions = [
      await (await participant('alice')).consumeLifecycle({ group: 'alice.busy', handler, onMalformed }),
      await (await participant('alice')).consumeLifecycle({ group: 'alice.busy', handler, onMalformed }),
    ];
    await outbox.enqueueTx(sql, [updated(tenantId, 1n)]);
    await waitFor('the first event', () => running.length === 1);
    await outbox.enqueueTx(sql, [updated(tenantId, 2n)]);
    const head = () => sql.query(`SELECT FROM tenantry.outbox_pending WHERE tenant_id = $1`, [tenantId]);
    await waitFor('the second to be published', async () => (await head()).length === 0);
    gate.resolve();
    await waitFor('both', async () => running.length === 0);
    await Promise.all(subscriptions.map((subscription) => subscription.stop()));
    expect(most).toBe(1);
  });

  it('shows a joining group the tenant whose first event is published before the join has committed', async () => {
    const tenantId = newId();
    const alice = new Pool({ connectionString: await database.participantUrl('alice') });
    const joining = await alice.connect();
    await joining.query('BEGIN');
    await joining.query(`SELECT tenantry.transport_join('alice.joining')`);
    await outbox.enqueueTx(sql, [updated(tenantId, 1n)]);
    const passed = async () =>
      (await sql.query('SELECT FROM tenantry.outbox_pending WHERE tenant_id = $1', [tenantId])).length === 0;
    const waiting = async () =>
      (
        await admin.query(
          'SELECT FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())',
        )
      ).rowCount !== 0;
    await waitFor('the publisher to wait, or to pass by', async () => (await waiting()) || (await passed()));
    await joining.query('COMMIT');
    await waitFor('the event to be published', passed);
    const { rows } = await admin.query(
      'SELECT head_seq FROM tenantry.position WHERE grp = $1 AND tenant_id = $2',
      ['alice.joining', tenantId],
    );
    expect(rows).toEqual([{ head_seq: '1' }]);
    joining.release();
    await alice.end();
  });
});
