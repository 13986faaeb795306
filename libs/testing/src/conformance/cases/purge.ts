import type { TenantCase } from '../conformance-case.js';

/** A purged tenant is gone, and stays gone. */
export const PURGE_CASES: readonly TenantCase[] = [
  {
    id: 'purges',
    kind: 'tenant',
    needs: ['purge'],
    expects: 'a purge request destroys what there is of the tenant and is answered `succeeded` with evidence',
    said: 'Data planes: purge',
    async run(stage) {
      for (const isolation of stage.setting.settings.isolations) {
        const tenant = stage.tenant(isolation);
        for (const kind of ['provision', 'suspend'] as const)
          if (stage.can(kind)) await stage.succeeds(await stage.ask(tenant, kind));
        await stage.succeeds(await stage.ask(tenant, 'purge'));
        await stage.becomes(tenant, 'purged', 'none');
      }
    },
  },
  {
    id: 'purge-evidence',
    kind: 'tenant',
    needs: ['purge'],
    expects:
      'the evidence of a purge counts before and after (names that end so), and everything after is zero',
    said: 'Data planes: purge (count again, and acknowledge with counts before and after)',
    async run(stage) {
      const tenant = await stage.tenantAfter('provision', 'suspend');
      const { evidence } = await stage.succeeds(await stage.ask(tenant, 'purge'));
      const counts = countsIn(evidence);
      stage.check(
        counts.before.length > 0 && counts.after.length > 0,
        `there are no counts of before and after in ${JSON.stringify(evidence)}`,
      );
      stage.check(
        counts.after.every((count) => count === 0),
        `something was left by its own account: ${JSON.stringify(evidence)}`,
      );
    },
  },
  {
    id: 'purges-what-is-not-there',
    kind: 'tenant',
    needs: ['purge'],
    expects: 'a purge of a tenant that was never provisioned is answered `succeeded`',
    said: 'Lifecycle: purge addresses every participant that was ever asked about the tenant',
    async run(stage) {
      const tenant = stage.tenant();
      await stage.succeeds(await stage.ask(tenant, 'purge'));
      await stage.becomes(tenant, 'purged', 'none');
    },
  },
  {
    id: 'purge-then-late-provision',
    kind: 'tenant',
    needs: ['purge', 'provision'],
    expects:
      'after a purge no provisioning is carried out: one of an older generation is not answered `succeeded`, one of a newer generation is answered `failed`, not retryable',
    said: 'Data planes: the tombstone stops a late provision; Faults: delete never overtaken by a late provision',
    async run(stage) {
      const tenant = stage.tenant();
      await stage.succeeds(await stage.ask(tenant, 'provision', { generation: 2 }));
      await stage.succeeds(await stage.ask(tenant, 'purge', { generation: 5 }));
      const before = await stage.fingerprint(tenant);
      const older = tenant.ask('provision', { generation: 3 });
      await stage.sendLate(older);
      await stage.quiet(tenant);
      stage.check(
        !stage.answersTo(older).some(({ outcome }) => outcome === 'succeeded'),
        'a provisioning older than the purge was answered succeeded',
      );
      const newer = tenant.ask('provision', { generation: 6 });
      await stage.sendLate(newer);
      const answer = await stage.answer(newer);
      stage.check(
        answer.outcome === 'failed' && answer.retryable === false,
        `a provisioning after the purge must fail for good; it was answered ${JSON.stringify(answer)}`,
      );
      await stage.unchanged(tenant, before, 'a provisioning after the purge');
      await stage.becomes(tenant, 'purged', 'none');
    },
  },
];

/** The numbers in a tree under names that end in "before" or "after". */
export function countsIn(evidence: unknown): { readonly before: number[]; readonly after: number[] } {
  const counts = { before: [] as number[], after: [] as number[] };
  const walk = (node: unknown, moment?: 'before' | 'after'): void => {
    if (typeof node === 'number' && moment) counts[moment].push(node);
    if (node === null || typeof node !== 'object') return;
    for (const [name, child] of Object.entries(node)) walk(child, momentOf(name) ?? moment);
  };
  walk(evidence);
  return counts;
}

function momentOf(name: string): 'before' | 'after' | undefined {
  const lower = name.toLowerCase();
  return lower.endsWith('before') ? 'before' : lower.endsWith('after') ? 'after' : undefined;
}
