import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { currentLogFields, withLogFields, type LogFields } from '@tenantry/service';
import { CreateTenant } from '../tenants/create-tenant.command.js';
import { CommitSignal } from '../database/commit-signal.js';
import { LifecycleHarness, TESTER } from '../testing/lifecycle-harness.js';

const TRACE = '0123456789abcdef0123456789abcdef';

describe('what every log line of a worker says', () => {
  let control: LifecycleHarness;
  let fields: Readonly<LogFields>;
  beforeAll(async () => {
    control = await LifecycleHarness.start();
    // Told in the context of whoever committed, which is where its log lines are written.
    control.part(CommitSignal).onCommit(() => (fields = { ...currentLogFields() }));
  });
  afterAll(() => control.stop());

  it('is which tenant, operation, event and trace it is about', async () => {
    const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
    const asked = { plan: 'standard', region: undefined, isolation: 'pooled', labels: {} } as const;
    const command = new CreateTenant({ slug: 'acme', name: 'acme', ...asked }, { ...TESTER, traceparent });
    const { tenant, operation } = await control.commands.execute(command);
    await withLogFields({ tenantId: tenant.id }, () => control.reconcile(tenant.id));
    expect(fields).toEqual({ tenantId: tenant.id, operationId: operation.id, traceId: TRACE });
    await control.acknowledge(tenant.id);
    expect(fields).toEqual({ tenantId: tenant.id, eventId: expect.any(String) });
  });

  it('names no tenant where a participant speaks of itself', async () => {
    await control.heartbeat('reference');
    expect(fields).toEqual({ eventId: expect.any(String) });
  });
});
