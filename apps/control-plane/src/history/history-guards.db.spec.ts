import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import type { HistoryMonth } from '@tenantry/messaging';
import { DeleteTenant } from '../tenants/delete-tenant.command.js';
import { LifecycleHarness, TESTER } from '../testing/lifecycle-harness.js';
import { certificatesGuard, parkedFactsGuard, replaysGuard } from './history-guards.js';

const DAY_MS = 86_400_000;

describe('a month of the event history is needed', () => {
  let control: LifecycleHarness;
  let sql: SqlExecutor;
  let month: HistoryMonth;
  beforeAll(async () => {
    control = await LifecycleHarness.start();
    sql = { query: (text, params) => control.rows(text, params) };
    [month] = (await control.rows<HistoryMonth>(
      `SELECT name, starts_at AS "startsAt", ends_at AS "endsAt" FROM tenantry.history_months()
       WHERE now() >= starts_at AND now() < ends_at`,
    )) as [HistoryMonth];
  });
  afterAll(() => control.stop());

  const before = (): HistoryMonth => ({ ...month, startsAt: new Date(0), endsAt: month.startsAt });

  it('as long as a fact of it is parked somewhere', async () => {
    const id = await control.active();
    expect(await parkedFactsGuard(sql, month)).toBeUndefined();
    await control.send('reference', id, 'participant.parked.v1', {
      participant: 'reference',
      group: 'reference',
      tenantSeq: '3',
      eventId: newId(),
      eventType: 'tenant.provisioned.v1',
      attempts: 5,
      error: 'no',
    });
    expect(await parkedFactsGuard(sql, month)).toBe(
      `group reference has parked something of it, of tenant ${id}`,
    );
    expect(await parkedFactsGuard(sql, before())).toBeUndefined();
    await control.rows(`UPDATE tenantry.parked_fact SET state = 'skipped', resolved_at = now()`);
    expect(await parkedFactsGuard(sql, month)).toBeUndefined();
  });

  it('as long as it is being replayed', async () => {
    const id = await control.active();
    await control.rows(
      `INSERT INTO tenantry.recovery (id, kind, tenant_id, participant, grp, tenant_seq, to_seq, generation, actor, requested_at, next_at)
       VALUES ($1, 'replay', $2, 'reference', 'reference', 2, 3, 1, 'api-key:tester', now(), now())`,
      [newId(), id],
    );
    expect(await replaysGuard(sql, month)).toBe(`it is being replayed for group reference, of tenant ${id}`);
    expect(await replaysGuard(sql, before())).toBeUndefined();
    await control.rows(
      `UPDATE tenantry.recovery SET state = 'succeeded', finished_at = now(), next_at = NULL`,
    );
    expect(await replaysGuard(sql, month)).toBeUndefined();
  });

  it('from the scheduling of a deletion until its certificate is issued, or it is cancelled', async () => {
    expect(await certificatesGuard(sql, month)).toBeUndefined();
    const id = await control.active();
    await control.commands.execute(new DeleteTenant(id, 2 * DAY_MS, undefined, null, TESTER));
    const owed = `the deletion certificate of tenant ${id} is still to be issued`;
    expect(await certificatesGuard(sql, month)).toBe(owed);
    expect(await certificatesGuard(sql, before())).toBeUndefined();
    const settle = async () => {
      await control.reconcile(id);
      await control.acknowledge(id);
      await control.reconcile(id);
    };
    await settle();
    await control.moveClock('3 days');
    await control.reconcile(id);
    await settle();
    expect(await control.state(id)).toBe('PURGED');
    expect(await certificatesGuard(sql, month)).toBe(owed);
    await control.rows('UPDATE tenantry.tenant SET certified_at = now() WHERE id = $1', [id]);
    expect(await certificatesGuard(sql, month)).toBeUndefined();
    await control.moveClock('0');
  });
});
