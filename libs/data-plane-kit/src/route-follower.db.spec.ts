import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { StateRecord } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import type { ParticipantTransport, Subscription } from '@tenantry/messaging';
import {
  kitDatabase,
  recordMetrics,
  stateRecord,
  waitFor,
  type KitDatabase,
  type RecordedMetrics,
} from '@tenantry/testing';
import { Pool } from 'pg';
import { RouteCache } from './route-cache.js';
import { RouteFollower } from './route-follower.js';
import { RouteSnapshot } from './route-snapshot.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const ALERT_AFTER_MS = 60_000;
const HOUR_MS = 3_600_000;

/** A state channel whose messages come when the test says so. */
class Channel implements Pick<ParticipantTransport, 'followState'> {
  private follower: Parameters<ParticipantTransport['followState']>[0] | undefined;
  private readonly passed = Promise.withResolvers<void>();

  async followState(follower: Parameters<ParticipantTransport['followState']>[0]): Promise<Subscription> {
    this.follower = follower;
    await this.passed.promise;
    return { failed: new Promise<never>(() => undefined), stop: async () => {} };
  }

  bring(...records: StateRecord[]): void {
    for (const record of records) this.follower?.handler(record);
  }

  garble(): void {
    this.follower?.onMalformed('no JSON', '{');
  }

  /** Everything that there was has been brought. */
  isAtItsEnd(): void {
    this.follower?.onCurrent?.();
    this.passed.resolve();
  }
}

describe('RouteFollower', () => {
  let database: KitDatabase;
  let pool: Pool;
  let metrics: RecordedMetrics;
  let followers: RouteFollower[];

  beforeAll(async () => {
    database = await kitDatabase();
    pool = new Pool({ connectionString: database.provisionerUrl, max: 4 });
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    followers = [];
    metrics = recordMetrics();
    await pool.query('DELETE FROM tenantry.route_snapshot');
    await backdate('0 seconds');
  });

  afterEach(async () => {
    await Promise.all(followers.map((follower) => follower.stop()));
    await metrics.stop();
  });

  function newFollower() {
    const channel = new Channel();
    const cache = new RouteCache();
    const follower = new RouteFollower({
      cache,
      snapshot: new RouteSnapshot(pool, logger),
      transport: channel,
      logger,
      alertAfterMs: ALERT_AFTER_MS,
    });
    followers.push(follower);
    return { cache, channel, follower };
  }

  async function backdate(age: string): Promise<void> {
    await pool.query(
      `INSERT INTO tenantry.route_confirmation (confirmed_at) VALUES (now() - $1::interval)
       ON CONFLICT (only_one) DO UPDATE SET confirmed_at = excluded.confirmed_at`,
      [age],
    );
  }

  async function savedAgeMs(): Promise<number> {
    return (await new RouteSnapshot(pool, logger).ageMs()) ?? Number.NaN;
  }

  const many = (count: number): StateRecord[] =>
    Array.from({ length: count }, () => stateRecord({ tenantId: newId(), state: 'ACTIVE', generation: 1 }));

  it('hands on to the next process all that it heard, in more than one page', async () => {
    const records = many(1203);
    const first = newFollower();
    await first.follower.start();
    first.channel.bring(...records);
    first.channel.isAtItsEnd();
    await first.follower.stop();

    const second = newFollower();
    await second.follower.start();
    expect(second.cache.size).toBe(1203);
    for (const record of records) expect(second.cache.get(record.tenantId)).toEqual(record);
    expect(second.follower.health).toMatchObject({ isComplete: false, isStale: false, tenants: 1203 });
  });

  it('begins as old as its snapshot is, is stale from the threshold on, and no longer when the channel answers', async () => {
    await backdate('1 hour');
    const { channel, follower } = newFollower();
    await follower.start();
    expect(follower.health.stalenessMs).toBeGreaterThanOrEqual(HOUR_MS);
    expect(follower.health).toMatchObject({ isStale: true, alertAfterMs: ALERT_AFTER_MS });
    expect(await metrics.value('tenantry_route_staleness_seconds')).toBeGreaterThanOrEqual(3600);
    channel.isAtItsEnd();
    expect(follower.health.stalenessMs).toBeLessThan(ALERT_AFTER_MS);
    expect(follower.health.isStale).toBe(false);
    await waitFor('the first pass', () => follower.health.isComplete);
  });

  it('saves how old the routes are when it stops, and leaves a younger age alone', async () => {
    await backdate('1 hour');
    const { channel, follower } = newFollower();
    await follower.start();
    channel.isAtItsEnd();
    await follower.stop();
    expect(await savedAgeMs()).toBeLessThan(ALERT_AFTER_MS);

    await new RouteSnapshot(pool, logger).confirm(HOUR_MS);
    expect(await savedAgeMs()).toBeLessThan(ALERT_AFTER_MS);
  });

  it('does not call the snapshot young while something that was heard is not in it', async () => {
    await backdate('1 hour');
    const { channel, follower } = newFollower();
    await follower.start();
    const admin = new Pool({ connectionString: database.adminUrl, max: 1 });
    try {
      await admin.query('REVOKE INSERT ON tenantry.route_snapshot FROM tenantry_provisioner');
      channel.bring(...many(3));
      channel.isAtItsEnd();
      await follower.stop();
      expect(await savedAgeMs()).toBeGreaterThanOrEqual(HOUR_MS);
    } finally {
      await admin.query('GRANT INSERT ON tenantry.route_snapshot TO tenantry_provisioner');
      await admin.end();
    }
  });

  it('notes the age although more is heard while it saves', async () => {
    await backdate('1 hour');
    const snapshot = new RouteSnapshot(pool, logger);
    const admin = new Pool({ connectionString: database.adminUrl, max: 2 });
    const holder = await admin.connect();
    try {
      await holder.query('BEGIN; LOCK TABLE tenantry.route_snapshot IN SHARE MODE');
      const [heard, later] = many(2);
      snapshot.save(heard!);
      const noted = snapshot.confirm(0);
      await waitFor('the writer to wait', async () => {
        const { rows } = await admin.query(
          `SELECT FROM pg_locks WHERE NOT granted AND relation = 'tenantry.route_snapshot'::regclass`,
        );
        return rows.length > 0;
      });
      snapshot.save(later!);
      await holder.query('COMMIT');
      expect(await noted).toBe(true);
      expect(await savedAgeMs()).toBeLessThan(HOUR_MS);
      await snapshot.flush();
    } finally {
      holder.release();
      await admin.end();
    }
  });

  it('counts what the channel brings, and how many tenants are known', async () => {
    const { channel, follower } = newFollower();
    await follower.start();
    const records = many(1);
    channel.bring(...records, ...records);
    channel.garble();
    channel.isAtItsEnd();
    await waitFor('the first pass', () => follower.health.isComplete);
    const count = (outcome: string) => metrics.value('tenantry_route_records_total', { outcome });
    expect([await count('taken'), await count('known'), await count('malformed')]).toEqual([1, 1, 1]);
    expect(await metrics.value('tenantry_route_tenants')).toBe(1);
    expect(await metrics.value('tenantry_route_staleness_alert_seconds')).toBe(60);
    expect(await metrics.value('tenantry_route_bootstrap_seconds')).toBeGreaterThanOrEqual(0);
  });
});
