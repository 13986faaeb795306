import { describe, expect, it } from '@jest/globals';
import { DryRun, asDryRun, currentDryRun } from './dry-run.js';
import { NIL_ID, dryRunAnswer } from './dry-run-answer.js';

const CHANGE = { action: 'tenant.suspend', resource: 'tenants/1', before: null, after: null };

describe('a dry run', () => {
  it('is known to what it runs, and to nothing else', async () => {
    const dryRun = new DryRun();
    expect(await asDryRun(dryRun, async () => Promise.resolve(currentDryRun()))).toBe(dryRun);
    expect(currentDryRun()).toBeUndefined();
  });

  it('forgets what a unit of work had noted before it failed', async () => {
    const dryRun = new DryRun();
    dryRun.inUnitsApart();
    const failing = dryRun.unit((notes) => {
      notes.change({ ...CHANGE, tenantId: 'failed' });
      notes.irreversible('nothing of this');
      return Promise.reject(new Error('refused'));
    });
    await expect(failing).rejects.toThrow('refused');
    await dryRun.unit((notes) => {
      notes.change({ ...CHANGE, tenantId: 'done' });
      return Promise.resolve();
    });
    expect(dryRun.notes.changes.map(({ tenantId }) => tenantId)).toEqual(['done']);
    expect(dryRun.notes.irreversibles).toEqual([]);
  });

  it('counts tenants, and names whom it asks for what, once', async () => {
    const dryRun = new DryRun();
    dryRun.inUnitsApart();
    for (const tenantId of ['a', 'a', 'b', null]) {
      await dryRun.unit((notes) => {
        notes.change({ ...CHANGE, tenantId });
        notes.ask({ name: 'billing', request: 'tenant.suspension_requested.v1', required: true });
        notes.irreversible('it is gone');
        return Promise.resolve();
      });
    }
    await dryRun.unit((notes) => Promise.resolve(notes.reach(7)));
    const { tenants, participants, irreversible } = dryRunAnswer(dryRun.notes, undefined);
    expect(tenants).toBe(9);
    expect(participants).toHaveLength(1);
    expect(irreversible).toEqual(['it is gone']);
  });

  it('shows no id that it made up, wherever that is', async () => {
    const dryRun = new DryRun();
    const id = '01a203c6-5d9b-76dc-8c3c-b0a2ef65135f';
    await dryRun.unit((notes) => {
      notes.madeUp(id);
      notes.change({ ...CHANGE, resource: `tenants/${id}`, tenantId: id, after: { operationId: id } });
      return Promise.resolve();
    });
    const answer = dryRunAnswer(dryRun.notes, { tenant: { id } });
    expect(JSON.stringify(answer)).not.toContain(id);
    expect(answer).toMatchObject({
      changes: [{ resource: `tenants/${NIL_ID}`, tenantId: NIL_ID, after: { operationId: NIL_ID } }],
      result: { tenant: { id: NIL_ID } },
    });
  });

  it('has no result where the real answer has no body', () => {
    expect(dryRunAnswer(new DryRun().notes, undefined)).not.toHaveProperty('result');
  });
});
