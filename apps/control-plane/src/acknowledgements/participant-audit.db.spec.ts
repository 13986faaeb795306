import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AuditRecorded } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import { LifecycleHarness } from '../testing/lifecycle-harness.js';

let control: LifecycleHarness;

beforeAll(async () => {
  control = await LifecycleHarness.start();
}, 60_000);

afterAll(() => control?.stop());

const record = (changes: Partial<AuditRecorded> = {}): AuditRecorded => ({
  participant: 'reference',
  auditId: newId(),
  actor: 'support-17',
  action: 'support.read',
  reason: 'ticket 4711',
  recordedAt: new Date().toISOString(),
  details: { access: 'read' },
  ...changes,
});

const say = (tenantId: string, data: unknown, id?: string) =>
  control.send('reference', tenantId, 'participant.audit_recorded.v1', data, undefined, id);

const entriesOf = (tenantId: string) =>
  control.rows<{ id: string }>(
    'SELECT id, actor, action, resource, reason, "after" FROM tenantry.audit_entry WHERE tenant_id = $1',
    [tenantId],
  );

describe("what a participant's own audit has recorded", () => {
  it('becomes an entry of the chain with participant, tenant and actor, once however often it comes', async () => {
    const tenantId = newId();
    const data = record();
    const id = newId();
    await Promise.all([say(tenantId, data, id), say(tenantId, data, id)]);
    await say(tenantId.toUpperCase(), data, id);
    const entries = await entriesOf(tenantId);
    expect(entries).toEqual([
      {
        id: expect.any(String),
        actor: 'participant:reference/support-17',
        action: 'support.read',
        resource: `participants/reference/audit/${data.auditId}`,
        reason: 'ticket 4711',
        after: { recordedAt: data.recordedAt, details: { access: 'read' } },
      },
    ]);
    expect(
      await control.rows('SELECT FROM tenantry.audit_pending WHERE entry_id = $1', [entries[0]?.id]),
    ).toHaveLength(1);
  });

  it.each([
    ['speaks for another participant', record({ participant: 'billing' })],
    ['names no reason', { ...record(), reason: '' }],
    ['names no action', { ...record(), action: 'whatever' }],
  ])('is refused, and recorded as such, when it %s', async (_what, data) => {
    const tenantId = newId();
    await say(tenantId, data);
    expect(await entriesOf(tenantId)).toEqual([]);
    expect(
      await control.rows('SELECT FROM tenantry.rejected_acknowledgement WHERE message LIKE $1', [
        `%${tenantId}%`,
      ]),
    ).toHaveLength(1);
  });

  it('is refused when its subject is no tenant, or its id none', async () => {
    const [before] = await control.rows<{ n: string }>(
      'SELECT count(*) AS n FROM tenantry.rejected_acknowledgement',
    );
    await say('acme', record());
    await say(newId(), record(), 'seven');
    const [after] = await control.rows<{ n: string }>(
      'SELECT count(*) AS n FROM tenantry.rejected_acknowledgement',
    );
    expect(Number(after?.n) - Number(before?.n)).toBe(2);
  });
});
