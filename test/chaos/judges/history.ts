import type { Count, Evidence, Finding, Note } from '../reader/evidence.ts';

const ENDINGS = new Set([
  'tenant.provisioned.v1',
  'tenant.suspended.v1',
  'tenant.reactivated.v1',
  'tenant.purged.v1',
  'tenant.operation_failed.v1',
]);
const FINISHED = new Set(['succeeded', 'failed', 'superseded', 'cancelled']);

/** What the control plane wrote about each tenant: numbers without gaps that never go back, and one end to each operation. */
export function judgeHistory(evidence: Evidence): Finding[] {
  return [
    ...judgeGenerations(evidence),
    ...judgeSequences(evidence),
    ...judgeEnds(evidence),
    ...judgeSteps(evidence),
  ];
}

function judgeGenerations({ tenants, operations }: Evidence): Finding[] {
  const byTenant = Map.groupBy(operations, ({ tenant }) => tenant);
  return tenants.flatMap(({ id, generation }) => {
    const had = (byTenant.get(id) ?? []).map((operation) => operation.generation);
    return judgeRow(id, 'generation', had, generation);
  });
}

function judgeSequences({ tenants, events }: Evidence): Finding[] {
  const byTenant = Map.groupBy(events, ({ tenant }) => tenant);
  return tenants.flatMap(({ id, seq }) =>
    judgeRow(
      id,
      'sequence',
      (byTenant.get(id) ?? []).map((event) => event.seq),
      seq,
    ),
  );
}

/** The numbers must be 1, 2, 3 … up to the last. */
function judgeRow(tenant: string, name: string, had: readonly number[], last: number): Finding[] {
  const findings: Finding[] = [];
  const seen = new Set(had);
  for (let n = 1; n <= last; n += 1)
    if (!seen.has(n)) findings.push({ count: 'lost', tenant, what: `${name} ${n} of ${last} is missing` });
  if (had.length > seen.size) findings.push({ count: 'doubled', tenant, what: `a ${name} is there twice` });
  for (const n of seen)
    if (n > last) findings.push({ count: 'doubled', tenant, what: `${name} ${n} is above ${last}` });
  return findings;
}

/** Each operation ends once, each request attempt is published once, and a success is announced. */
function judgeEnds({ operations, events }: Evidence): Finding[] {
  const findings: Finding[] = [];
  const ends = Map.groupBy(
    events.filter(({ type }) => ENDINGS.has(type)),
    ({ data }) => String(data['operationId']),
  );
  for (const { id, tenant, kind, generation, state } of operations) {
    const count = ends.get(id)?.length ?? 0;
    const of = `the ${kind} of generation ${generation}`;
    if (count > 1) findings.push({ count: 'doubled', tenant, what: `${of} was announced ${count} times` });
    if (count === 0 && state === 'succeeded')
      findings.push({ count: 'lost', tenant, what: `${of} succeeded and was never announced` });
  }
  const requests = events.filter(({ type }) => type.endsWith('_requested.v1'));
  const attempts = Map.groupBy(
    requests.flatMap(({ tenant, type, data }) =>
      (data['participants'] as string[]).map((participant) => ({
        tenant,
        key: `${type} of ${String(data['operationId'])} attempt ${String(data['attempt'])} to ${participant}`,
      })),
    ),
    ({ key }) => key,
  );
  for (const [key, [one, ...more]] of attempts)
    if (more.length > 0)
      findings.push({ count: 'doubled', tenant: one?.tenant ?? '', what: `${key} is there twice` });
  return findings;
}

/** Nothing that counts ever counts back, and what has ended stays so. */
function judgeSteps({ controlNotes }: Evidence): Finding[] {
  const findings: Finding[] = [];
  const back = (note: Note, what: string, count: Count = 'outOfOrder') =>
    void findings.push({ count, tenant: note.tenant, what });
  for (const note of controlNotes) {
    const number = (name: string): number => Number(note.detail[name]);
    switch (note.kind) {
      case 'tenant':
        if ((note.generation ?? 0) < number('fromGeneration')) back(note, 'the generation went back');
        if (number('version') < number('fromVersion')) back(note, 'the version went back');
        if (note.detail['state'] !== note.detail['fromState'] && number('version') === number('fromVersion'))
          back(note, 'the state changed and the version did not');
        if (number('seq') < number('fromSeq')) back(note, 'the sequence went back');
        break;
      case 'route':
        if ((note.generation ?? 0) < number('fromGeneration')) back(note, "a route's generation went back");
        if (number('revision') <= number('fromRevision')) back(note, "a route's revision did not grow");
        break;
      case 'observed':
        if ((note.generation ?? 0) < number('fromGeneration')) back(note, 'what was observed went back');
        break;
      case 'operation':
        if (FINISHED.has(String(note.detail['from'])))
          back(note, `a ${String(note.detail['from'])} operation became ${String(note.detail['to'])}`);
        break;
    }
  }
  return findings;
}
