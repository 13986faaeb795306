import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Client } from 'pg';
import { DeleteTenant } from '../tenants/delete-tenant.command.js';
import { ReleaseLegalHold } from '../tenants/release-legal-hold.command.js';
import { PlaceLegalHold } from '../tenants/place-legal-hold.command.js';
import { LifecycleHarness, TESTER } from '../testing/lifecycle-harness.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Everything but Date: timers and the database's sockets go on as they are. */
const REAL_TIMERS: (
  | 'nextTick'
  | 'setImmediate'
  | 'clearImmediate'
  | 'setInterval'
  | 'clearInterval'
  | 'setTimeout'
  | 'clearTimeout'
  | 'hrtime'
  | 'performance'
  | 'queueMicrotask'
)[] = [
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
];

/** Deadlines are UTC and compared by the database's clock alone, which only tests can move. */
describe('a grace period', () => {
  let control: LifecycleHarness;
  beforeAll(async () => {
    control = await LifecycleHarness.start();
  });
  afterEach(async () => {
    jest.useRealTimers();
    await control.moveClock('0');
  });
  afterAll(() => control.stop());

  /** A tenant that everyone has closed, to be purged after a time. */
  async function deleted(graceMs: number): Promise<string> {
    const id = await control.active();
    await control.commands.execute(new DeleteTenant(id, graceMs, undefined, null, TESTER));
    await control.reconcile(id);
    await control.acknowledge(id);
    await control.reconcile(id);
    return id;
  }

  async function stateAt(id: string, ahead: string): Promise<string> {
    await control.moveClock(ahead);
    await control.reconcile(id);
    return control.state(id);
  }

  /** Moves the database to a moment, as far as anything in it can tell. */
  async function setClock(to: string): Promise<void> {
    await control.moveClock(`${Date.parse(to) - Date.now()} milliseconds`);
  }

  it.each([
    // Europe/Berlin: 31 March 2030 has 23 hours, 27 October 2030 has 25.
    ['when a day is an hour short', '2030-03-30T11:00:00Z'],
    ['when a day is an hour long', '2030-10-26T10:00:00Z'],
  ])('of one day has 24 hours %s', async (_when, from) => {
    const [zone] = await control.rows<{ name: string }>('SELECT current_database() AS name');
    await control.admin.query(`ALTER DATABASE "${zone!.name}" SET timezone = 'Europe/Berlin'`);
    try {
      await control.restart();
      await setClock(from);
      const id = await deleted(DAY_MS);
      const start = Date.parse(from);
      await setClock(new Date(start + DAY_MS - 60_000).toISOString());
      await control.reconcile(id);
      expect(await control.state(id)).toBe('DELETION_SCHEDULED');
      await setClock(new Date(start + DAY_MS + 60_000).toISOString());
      await control.reconcile(id);
      expect(await control.state(id)).toBe('PURGING');
    } finally {
      await control.admin.query(`ALTER DATABASE "${zone!.name}" RESET timezone`);
      await control.restart();
    }
  });

  it.each([
    ['a day ahead', DAY_MS],
    ['a day behind', -DAY_MS],
  ])('is the same for a replica whose clock is %s', async (_how, skewMs) => {
    const id = await deleted(2 * DAY_MS);
    jest.useFakeTimers({ now: Date.now() + skewMs, doNotFake: REAL_TIMERS });
    expect(await stateAt(id, '47 hours 59 minutes')).toBe('DELETION_SCHEDULED');
    const skewed = await deleted(2 * DAY_MS);
    jest.useRealTimers();
    await control.moveClock('47 hours 59 minutes');
    const [row] = await control.rows<{ grace: string }>(
      `SELECT extract(epoch FROM purge_after - deletion_requested_at) AS grace FROM tenantry.tenant WHERE id = $1
         AND abs(extract(epoch FROM deletion_requested_at - tenantry.now())) < 600`,
      [skewed],
    );
    expect(Number(row?.grace)).toBe((2 * DAY_MS) / 1000);
    jest.useFakeTimers({ now: Date.now() + skewMs, doNotFake: REAL_TIMERS });
    expect(await stateAt(id, '48 hours 1 minute')).toBe('PURGING');
  });

  it('outlives restarts, and ends once when it ended while nothing ran', async () => {
    const id = await deleted(2 * DAY_MS);
    await control.restart();
    expect(await stateAt(id, '47 hours')).toBe('DELETION_SCHEDULED');
    await control.restart();
    expect(await stateAt(id, '100 days')).toBe('PURGING');
    await control.restart();
    await control.reconcile(id);
    const purges = await control.rows(
      "SELECT id FROM tenantry.operation WHERE tenant_id = $1 AND kind = 'purge'",
      [id],
    );
    expect(purges).toHaveLength(1);
  });

  it('that has passed under a legal hold ends when the hold does, and not before', async () => {
    const id = await deleted(2 * DAY_MS);
    await control.commands.execute(new PlaceLegalHold(id, 'a lawsuit', TESTER));
    expect(await stateAt(id, '400 days')).toBe('DELETION_SCHEDULED');
    await control.commands.execute(new ReleaseLegalHold(id, 'settled', TESTER));
    await control.reconcile(id);
    expect(await control.state(id)).toBe('PURGING');
  });

  it('cannot be moved through the service’s own login', async () => {
    const service = new Client({ connectionString: control.serviceUrl });
    await service.connect();
    try {
      await expect(
        service.query("INSERT INTO tenantry.clock_offset (ahead) VALUES ('1 year')"),
      ).rejects.toMatchObject({ code: '42501' });
    } finally {
      await service.end();
    }
  });
});
