import type { Evidence, Finding, Note } from '../reader/evidence.ts';

/** What must have happened in the data plane, at the operation's generation, before a fact may be announced. */
const PROOF: Readonly<Record<string, (note: Note) => boolean>> = {
  'tenant.provisioned.v1': isFence('open'),
  'tenant.reactivated.v1': isFence('open'),
  'tenant.suspended.v1': isFence('frozen'),
  'tenant.purged.v1': ({ kind }) => kind === 'tombstone',
};

/** Nothing is announced, and no route opened, before it was acknowledged; and nothing is acknowledged that did not happen. */
export function judgeAnnouncements({ controlNotes, dataNotes, verifierNotes }: Evidence): Finding[] {
  const findings: Finding[] = [];
  const byTenant = Map.groupBy(dataNotes, ({ tenant }) => tenant);
  const verified = Map.groupBy(verifierNotes, ({ tenant }) => tenant);
  for (const { tenant, generation, at, kind, detail } of controlNotes) {
    const type = announced(kind, detail);
    const proof = type === undefined ? undefined : PROOF[type];
    if (!proof || generation === null) continue;
    const before = (byTenant.get(tenant) ?? []).filter(
      (note) => note.generation === generation && note.at <= at,
    );
    const what =
      kind === 'route'
        ? `the route of generation ${generation} was opened`
        : `${type} of generation ${generation} was announced`;
    if (!before.some(proof))
      findings.push({ count: 'early', tenant, what: `${what} before it had happened` });
    else if (!before.some((note) => note.kind === 'answered'))
      findings.push({ count: 'early', tenant, what: `${what} before it was acknowledged` });
    const vouched = (verified.get(tenant) ?? []).some(
      (note) => note.kind === 'answered' && note.generation === generation && note.at <= at,
    );
    if (type === 'tenant.purged.v1' && !vouched)
      findings.push({ count: 'early', tenant, what: `${what} before it was verified` });
    if (type === 'tenant.purged.v1' && remains(byTenant.get(tenant) ?? [], at))
      findings.push({ count: 'early', tenant, what: `${what} while something was left` });
  }
  return findings;
}

function announced(kind: string, detail: Note['detail']): string | undefined {
  if (kind === 'event') return String(detail['type']);
  return kind === 'route' && detail['access'] === 'open' ? 'tenant.provisioned.v1' : undefined;
}

function isFence(access: string) {
  return ({ kind, detail }: Note): boolean => kind === 'fence' && detail['access'] === access;
}

/** Whether more had come than gone of anything by then. */
function remains(notes: readonly Note[], at: number): boolean {
  const count = (kind: string): number => notes.filter((note) => note.kind === kind && note.at <= at).length;
  return ['provisioned', 'seeded', 'schema'].some((kind) => {
    const gone = count(`${kind}-removed`);
    // A schema that is dropped takes its rows without a trigger.
    return count(kind) > gone && !(kind === 'seeded' && count('schema-removed') > 0);
  });
}
