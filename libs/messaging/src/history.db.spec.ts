import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { StateRecord } from '@tenantry/contracts';
import { CLOCK_SQL, migrate, pgExecutor, type SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { busDatabase, testDatabase, waitFor, type BusDatabase } from '@tenantry/testing';
import { Pool } from 'pg';
import { EMBEDDED_TRANSPORT_SQL } from './embedded/embedded-transport-sql.js';
import { HistoryKeeper, type HistoryKeeperOptions } from './history-keeper.js';
import { HISTORY_SQL } from './history-sql.js';
import { OUTBOX_SQL } from './outbox-sql.js';
import { Outbox } from './outbox.js';

const DAY_MS = 86_400_000;
/** Long over, whatever day it is. */
const OLD = { month: 'tenant_event_2025_02', at: '2025-02-10T00:00:00Z' };

const stateOf = (tenantId: string, tenantSeq: bigint): StateRecord => ({
  tenantId,
  slug: 'acme',
  state: 'ACTIVE',
  plan: 'free',
  region: 'default',
  isolation: 'pooled',
  generation: 1,
  version: 1,
  tenantSeq: String(tenantSeq),
  routes: [],
  updatedAt: '2026-01-01T00:00:00.000Z',
});

describe('the event history', () => {
  let database: BusDatabase;
  let admin: Pool;
  let pool: Pool;
  let sql: SqlExecutor;
  let keepers: HistoryKeeper[];
  let told: string[];
  const outbox = new Outbox();

  beforeAll(async () => {
    database = await busDatabase();
    admin = new Pool({ connectionString: database.adminUrl });
    pool = new Pool({ connectionString: database.controlUrl });
    sql = pgExecutor(pool);
  });
  afterAll(async () => {
    await pool.end();
    await admin.end();
    await database.drop();
  });
  beforeEach(() => {
    keepers = [];
    told = [];
  });
  afterEach(async () => {
    await Promise.all(keepers.map((keeper) => keeper.stop()));
    await admin.query(
      'TRUNCATE tenantry.tenant_event, tenantry.outbox_pending, tenantry.tenant_state, tenantry.position, tenantry.transport_group',
    );
  });

  const keep = (options: Partial<HistoryKeeperOptions> = {}): HistoryKeeper => {
    const note = (fields: object, message: string) => void told.push(`${JSON.stringify(fields)} ${message}`);
    const keeper = new HistoryKeeper({
      pool,
      logger: { debug: note, info: note, warn: note, error: note },
      intervalMs: 20,
      ...options,
    });
    keepers.push(keeper);
    keeper.start();
    return keeper;
  };
  const logged = (text: string) =>
    waitFor(`"${text}" to be logged`, () => told.some((line) => line.includes(text)));
  const months = async () =>
    (await sql.query<{ name: string }>('SELECT name FROM tenantry.history_months()')).map(({ name }) => name);
  const monthOf = async (eventId: string) =>
    (
      await admin.query<{ month: string }>(
        'SELECT tableoid::regclass::text AS month FROM tenantry.tenant_event WHERE event_id = $1',
        [eventId],
      )
    ).rows[0]?.month;
  /** An event that occurred then and was sent long ago. */
  const eventAt = async (at: string, tenantId = newId(), tenantSeq = 1n): Promise<string> => {
    const eventId = newId();
    await admin.query(
      `INSERT INTO tenantry.tenant_event (event_id, tenant_id, tenant_seq, type, occurred_at, envelope)
       VALUES ($1, $2, $3, 'tenant.updated.v1', $4, '{}')`,
      [eventId, tenantId, String(tenantSeq), at],
    );
    return eventId;
  };
  /** An event of the old month of which nothing is needed any more: its state record was sent. */
  const oldEvent = async (tenantId = newId()): Promise<string> => {
    const eventId = await eventAt(OLD.at, tenantId, 3n);
    await outbox.saveStateTx(sql, stateOf(tenantId, 3n));
    await sql.query('DELETE FROM tenantry.outbox_pending WHERE tenant_id = $1', [tenantId]);
    return eventId;
  };
  const gone = () => waitFor('the old month to go', async () => !(await months()).includes(OLD.month));

  it('takes an event of a time that no month was made for, and moves it when the month is made', async () => {
    const eventId = await eventAt('2031-05-31T23:59:59.999Z');
    expect(await monthOf(eventId)).toBe('tenantry.tenant_event_default');
    const keeper = keep();
    await logged('tenant_event_2031_05');
    expect(await monthOf(eventId)).toBe('tenantry.tenant_event_2031_05');
    // It would make the next one just as well.
    await keeper.stop();
    expect(await monthOf(await eventAt('2031-06-01T00:00:00Z'))).toBe('tenantry.tenant_event_default');
  });

  it('has this month and three more made before they begin', async () => {
    const { rows } = await admin.query<{ name: string }>(
      `SELECT 'tenant_event_' || to_char(date_trunc('month', now() AT TIME ZONE 'UTC') + n * interval '1 month', 'YYYY_MM') AS name
       FROM generate_series(0, 3) n`,
    );
    keep();
    const wanted = rows.map(({ name }) => name);
    await waitFor('the months', async () => {
      const there = await months();
      return wanted.every((name) => there.includes(name));
    });
  });

  it('makes a month once, when several replicas make it', async () => {
    await eventAt('2032-01-01T00:00:00Z');
    for (let n = 0; n < 4; n++) keep();
    await logged('tenant_event_2032_01');
    expect(told.filter((line) => line.includes('cannot be looked after'))).toEqual([]);
    expect((await months()).filter((name) => name === 'tenant_event_2032_01')).toHaveLength(1);
  });

  it('lets replicas wait for their turn before they hold anything that another needs', async () => {
    await eventAt('2035-01-01T00:00:00Z');
    const makesOne = await admin.connect();
    try {
      await makesOne.query('BEGIN; LOCK TABLE tenantry.tenant_event IN SHARE UPDATE EXCLUSIVE MODE');
      keep();
      keep();
      const waiting = await waitFor('two replicas to wait', async () => {
        const { rows } = await admin.query<{ holds: string[] }>(
          `SELECT ARRAY(SELECT h.relation::regclass::text FROM pg_locks h WHERE h.pid = a.pid AND h.granted
               AND h.relation = 'tenantry.tenant_event_default'::regclass) AS holds
           FROM pg_stat_activity a WHERE a.datname = current_database() AND a.wait_event_type = 'Lock'`,
        );
        return rows.length >= 2 && rows;
      });
      expect(waiting.flatMap(({ holds }) => holds)).toEqual([]);
    } finally {
      await makesOne.query('ROLLBACK');
      makesOne.release();
    }
  });

  it('goes on to write into a month that is there while another is made', async () => {
    const writing = await admin.connect();
    try {
      await writing.query('BEGIN');
      await outbox.enqueueTx(pgExecutor(writing), [
        {
          tenantId: newId(),
          tenantSeq: 1n,
          generation: 1,
          type: 'tenant.updated.v1',
          data: { version: 1, plan: 'free', changed: ['plan'] },
        },
      ]);
      const before = await months();
      keep({ monthsAhead: 4 });
      await waitFor('another month', async () => (await months()).length > before.length);
    } finally {
      await writing.query('COMMIT');
      writing.release();
    }
  });

  it('hides no event from a reader who waits while it is moved', async () => {
    const eventId = await eventAt('2033-01-01T00:00:00Z');
    const moving = await admin.connect();
    try {
      await moving.query('BEGIN; SELECT tenantry.make_history_months(0)');
      const read = monthOf(eventId);
      await waitFor('the reader to wait', async () => {
        const { rows } = await moving.query(
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        return rows.length > 0;
      });
      await moving.query('COMMIT');
      expect(await read).toBe('tenantry.tenant_event_2033_01');
    } finally {
      moving.release();
    }
  });

  describe('drops an old month', () => {
    it('when nothing needs it, and keeps one that is not old enough', async () => {
      await oldEvent();
      keep({ keepMs: 365 * DAY_MS * 100 });
      await logged(OLD.month);
      expect(await months()).toContain(OLD.month);
      keep({ keepMs: DAY_MS });
      await gone();
      expect(await sql.query('SELECT FROM tenantry.tenant_event WHERE occurred_at <= $1', [OLD.at])).toEqual(
        [],
      );
    });

    it('never, unless told for how long to keep events', async () => {
      await oldEvent();
      keep();
      await logged(`"${OLD.month}"} a month of the event history was made`);
      const eventId = await eventAt('2034-01-01T00:00:00Z');
      await waitFor('another look', async () => (await monthOf(eventId)) === 'tenantry.tenant_event_2034_01');
      expect(await months()).toContain(OLD.month);
    });

    it('not before its last event was sent', async () => {
      const tenantId = newId();
      const eventId = await oldEvent(tenantId);
      await admin.query(
        `INSERT INTO tenantry.outbox_pending (event_id, tenant_id, tenant_seq, shard, topic, occurred_at)
         VALUES ($1, $2, 3, 0, 'lifecycle', $3)`,
        [eventId, tenantId, OLD.at],
      );
      keep({ keepMs: DAY_MS });
      await logged('something of it is still to be sent');
      expect(await monthOf(eventId)).toBe(`tenantry.${OLD.month}`);
      await sql.query('DELETE FROM tenantry.outbox_pending WHERE event_id = $1', [eventId]);
      await gone();
    });

    it('not before every group of the embedded transport has passed it, one that never read included', async () => {
      const tenantId = newId();
      await oldEvent(tenantId);
      await admin.query(`INSERT INTO tenantry.transport_group VALUES ('a', 'a'), ('b', 'b')`);
      await admin.query(
        `INSERT INTO tenantry.position (grp, tenant_id, last_seq, head_seq) VALUES ('a', $1, 3, 3)`,
        [tenantId],
      );
      keep({ keepMs: DAY_MS });
      await logged(`group b has not passed it, at tenant ${tenantId}`);
      await admin.query(
        `INSERT INTO tenantry.position (grp, tenant_id, last_seq, head_seq) VALUES ('b', $1, 2, 3)`,
        [tenantId],
      );
      const eventId = await eventAt('2035-01-01T00:00:00Z');
      await waitFor('another look', async () => (await monthOf(eventId)) === 'tenantry.tenant_event_2035_01');
      expect(await months()).toContain(OLD.month);
      await admin.query(`UPDATE tenantry.position SET last_seq = 3 WHERE grp = 'b'`);
      await gone();
    });

    it.each<[string, (tenantId: string) => Promise<unknown>]>([
      [
        'is missing',
        (tenantId) => admin.query('DELETE FROM tenantry.tenant_state WHERE tenant_id = $1', [tenantId]),
      ],
      [
        'is older',
        (tenantId) =>
          admin.query('UPDATE tenantry.tenant_state SET tenant_seq = 2 WHERE tenant_id = $1', [tenantId]),
      ],
      ['was not sent', (tenantId) => outbox.saveStateTx(sql, stateOf(tenantId, 3n))],
    ])('not while the state record of one of its tenants %s', async (_what, uncover) => {
      const tenantId = newId();
      await oldEvent(tenantId);
      await uncover(tenantId);
      keep({ keepMs: DAY_MS });
      await logged(`no state record that was sent covers it, of tenant ${tenantId}`);
      expect(await months()).toContain(OLD.month);
      await outbox.saveStateTx(sql, stateOf(tenantId, 4n));
      await sql.query('DELETE FROM tenantry.outbox_pending WHERE tenant_id = $1', [tenantId]);
      await gone();
    });

    it('not while a guard of the application needs it', async () => {
      await oldEvent();
      let needed: string | undefined = 'somebody looks at it';
      keep({ keepMs: DAY_MS, guards: [async (_sql, { name }) => (name === OLD.month ? needed : undefined)] });
      await logged('somebody looks at it');
      expect(await months()).toContain(OLD.month);
      needed = undefined;
      await gone();
    });

    it('not under the eyes of somebody who reads it, and makes nobody wait for long', async () => {
      const eventId = await oldEvent();
      keep();
      await logged(`"${OLD.month}"} a month of the event history was made`);
      const reading = await admin.connect();
      try {
        await reading.query('BEGIN');
        await reading.query('SELECT FROM tenantry.tenant_event WHERE event_id = $1', [eventId]);
        keep({ keepMs: DAY_MS });
        await logged('it is being read or written');
        expect(
          (await reading.query('SELECT FROM tenantry.tenant_event WHERE event_id = $1', [eventId])).rowCount,
        ).toBe(1);
      } finally {
        await reading.query('COMMIT');
        reading.release();
      }
      await gone();
    });
  });

  it('refuses by itself to drop a month that is not over', async () => {
    const [month] = await sql.query<{ name: string }>(
      'SELECT name FROM tenantry.history_months() WHERE now() >= starts_at AND now() < ends_at',
    );
    expect(await sql.query('SELECT tenantry.drop_history_month($1, 0) AS keeper', [month?.name])).toEqual([
      { keeper: 'it is not old enough' },
    ]);
    expect(await months()).toContain(month?.name);
  });

  it('lets the control plane drop a month through its guards alone', async () => {
    await oldEvent();
    keep();
    await logged(OLD.month);
    for (const statement of [
      `DROP TABLE tenantry.${OLD.month}`,
      'TRUNCATE tenantry.tenant_event',
      `DELETE FROM tenantry.${OLD.month}`,
    ])
      await expect(sql.query(statement)).rejects.toThrow(/permission denied|must be owner/);
  });

  it('dates the pointers of the version before it, which runs beside it during an upgrade', async () => {
    const [eventId, tenantId] = [newId(), newId()];
    await sql.query(
      `WITH history AS (
        INSERT INTO tenantry.tenant_event (event_id, tenant_id, tenant_seq, type, occurred_at, envelope)
        VALUES ($1, $2, 1, 'tenant.updated.v1', $3, '{}')
      )
      INSERT INTO tenantry.outbox_pending (event_id, tenant_id, tenant_seq, shard, topic) VALUES ($1, $2, 1, 0, 'lifecycle')`,
      [eventId, tenantId, OLD.at],
    );
    const pointers = await sql.query('SELECT occurred_at FROM tenantry.outbox_pending WHERE event_id = $1', [
      eventId,
    ]);
    expect(pointers).toEqual([{ occurred_at: new Date(OLD.at) }]);
  });
});

describe('the migration of the event history into months', () => {
  it('carries every event and every pointer over', async () => {
    const database = await testDatabase({
      key: `unpartitioned ${OUTBOX_SQL.sql} ${EMBEDDED_TRANSPORT_SQL.sql}`,
      build: async (url) => void (await migrate(url, [CLOCK_SQL, OUTBOX_SQL, EMBEDDED_TRANSPORT_SQL])),
    });
    const pool = new Pool({ connectionString: database.adminUrl });
    await pool.query(
      `WITH history AS (
        INSERT INTO tenantry.tenant_event
        SELECT gen_random_uuid(), gen_random_uuid(), 1, 'x', '2024-01-31T23:00:00Z'::timestamptz + n * interval '1 hour', '{}'
        FROM generate_series(0, 999) n RETURNING event_id, tenant_id, tenant_seq
      )
      INSERT INTO tenantry.outbox_pending (event_id, tenant_id, tenant_seq, shard, topic)
      SELECT event_id, tenant_id, tenant_seq, 7, 'lifecycle' FROM history`,
    );
    const before = await pool.query('SELECT * FROM tenantry.tenant_event ORDER BY event_id');
    expect(
      await migrate(database.adminUrl, [CLOCK_SQL, OUTBOX_SQL, EMBEDDED_TRANSPORT_SQL, HISTORY_SQL]),
    ).toEqual([HISTORY_SQL.name]);
    const after = await pool.query('SELECT * FROM tenantry.tenant_event ORDER BY event_id');
    expect(after.rows).toEqual(before.rows);
    const { rows } = await pool.query(
      `SELECT e.tableoid::regclass::text AS month, count(*)::int FROM tenantry.outbox_pending p
       JOIN tenantry.tenant_event e ON e.event_id = p.event_id AND e.occurred_at = p.occurred_at GROUP BY 1 ORDER BY 1`,
    );
    expect(rows).toEqual([
      { month: 'tenantry.tenant_event_2024_01', count: 1 },
      { month: 'tenantry.tenant_event_2024_02', count: 696 },
      { month: 'tenantry.tenant_event_2024_03', count: 303 },
    ]);
    await pool.end();
    await database.drop();
  });
});
