import type { Evidence, Finding, Note, OperationRow } from '../reader/evidence.ts';

/** What happened to each tenant in the data plane's database. */
export function judgeEffects({ dataNotes, operations }: Evidence): Finding[] {
  const requested = Map.groupBy(operations, ({ tenant }) => tenant);
  return [...Map.groupBy(dataNotes, ({ tenant }) => tenant)].flatMap(([tenant, notes]) => [
    ...judgeOrder(tenant, notes),
    ...judgeOnce(tenant, notes),
    ...judgeWorkers(tenant, notes),
    ...judgeRequested(tenant, notes, requested.get(tenant) ?? []),
  ]);
}

const ACTS = new Set(['begin', 'step', 'freeze', 'fence', 'tombstone']);

/** An older generation does nothing after a newer one was there, and nothing comes back after the tombstone. */
function judgeOrder(tenant: string, notes: readonly Note[]): Finding[] {
  const findings: Finding[] = [];
  let newest = 0;
  let buried = false;
  for (const { kind, generation, detail } of notes) {
    if (ACTS.has(kind) && generation !== null) {
      if (generation < newest)
        findings.push({
          count: 'outOfOrder',
          tenant,
          what: `${doing(kind, detail)} of generation ${generation} after generation ${newest}`,
        });
      newest = Math.max(newest, generation);
    }
    const returns =
      ['schema', 'provisioned', 'seeded'].includes(kind) || (kind === 'fence' && detail['access'] === 'open');
    if (buried && returns)
      findings.push({ count: 'outOfOrder', tenant, what: `${kind} after the tombstone` });
    if (kind === 'tombstone') buried = true;
  }
  return findings;
}

/** Whatever a tenant is given, it is given once: it lives once. */
function judgeOnce(tenant: string, notes: readonly Note[]): Finding[] {
  const given = notes.flatMap(({ kind, detail }) => {
    switch (kind) {
      case 'provisioned':
        return ['its marker'];
      case 'schema':
        return ['its schema'];
      case 'seeded':
        return [`the role ${String(detail['name'])}`];
      default:
        return [];
    }
  });
  return [...Map.groupBy(given, (what) => what)]
    .filter(([, times]) => times.length > 1)
    .map(([what, times]) => ({ count: 'doubled', tenant, what: `${what} came ${times.length} times` }));
}

/**
 * One worker at a time: the steps of a run, which is what one session does from one beginning to the next, have no step of another run
 * among them. A freeze is a run of one step; it needs no lock, because it takes the tenant away from whoever had it.
 */
function judgeWorkers(tenant: string, notes: readonly Note[]): Finding[] {
  const findings: Finding[] = [];
  const runs = new Map<string, number>();
  const over = new Set<number>();
  let begun = 0;
  let current: number | undefined;
  for (const { kind, session, generation, detail } of notes) {
    if (kind === 'begin') runs.set(session, (begun += 1));
    if (kind !== 'step') continue;
    const run = runs.get(session) ?? 0;
    if (run === current) continue;
    if (over.has(run))
      findings.push({
        count: 'overlapping',
        tenant,
        what: `${doing(kind, detail)} of generation ${generation} by a worker after another had begun`,
      });
    if (current !== undefined) over.add(current);
    current = run;
  }
  return findings;
}

/** Every act belongs to an operation that asks for it. */
function judgeRequested(
  tenant: string,
  notes: readonly Note[],
  operations: readonly OperationRow[],
): Finding[] {
  const kinds = new Map(operations.map(({ generation, kind }) => [generation, kind]));
  const findings: Finding[] = [];
  for (const { kind, generation, detail } of notes) {
    if (!ACTS.has(kind) || generation === null) continue;
    const asked = kinds.get(generation);
    const fits =
      asked !== undefined &&
      (kind !== 'tombstone' || asked === 'purge') &&
      (kind !== 'freeze' || ['suspend', 'delete', 'cancel_deletion'].includes(asked)) &&
      (detail['access'] !== 'open' || !['suspend', 'delete', 'purge'].includes(asked) || kind !== 'fence');
    if (!fits)
      findings.push({
        count: 'unrequested',
        tenant,
        what: `${doing(kind, detail)} of generation ${generation}, which is ${asked ?? 'nobody’s'}`,
      });
  }
  return findings;
}

function doing(kind: string, { does, access }: Note['detail']): string {
  if (typeof does === 'string') return does;
  return typeof access === 'string' ? `${kind} ${access}` : kind;
}
