import type { Evidence, Finding, Note, TopicMessage } from '../reader/evidence.ts';

/** What lies in the topics, and what the consumer took in. Messages may come again; effects may not. */
export function judgeDelivery(evidence: Evidence): Finding[] {
  return [...judgeTopics(evidence), ...judgePositions(evidence), ...judgeStored(evidence)];
}

function judgeTopics({ events, lifecycleTopic, stateTopic, stateRecords }: Evidence): Finding[] {
  if (!lifecycleTopic || !stateTopic) return [];
  const findings: Finding[] = [];
  const delivered = Map.groupBy(lifecycleTopic, ({ tenant }) => tenant);
  for (const [tenant, written] of Map.groupBy(events, (event) => event.tenant)) {
    const messages = delivered.get(tenant) ?? [];
    if (new Set(messages.map(({ partition }) => partition)).size > 1)
      findings.push({ count: 'outOfOrder', tenant, what: 'its events are in several partitions' });
    const first = firstOccurrences(messages);
    const ids = new Set(first.map(({ id }) => id));
    for (const { id, seq, type } of written)
      if (!ids.has(id))
        findings.push({ count: 'lost', tenant, what: `${type}, sequence ${seq}, was never sent` });
    if (first.some(({ seq }, n) => n > 0 && seq <= (first[n - 1]?.seq ?? 0)))
      findings.push({ count: 'outOfOrder', tenant, what: 'its events were first sent in another order' });
  }
  const last = new Map(stateTopic.map(({ tenant, id }) => [tenant, id]));
  for (const [tenant, id] of stateRecords) {
    if (!last.has(tenant)) findings.push({ count: 'lost', tenant, what: 'its state was never sent' });
    else if (last.get(tenant) !== id)
      findings.push({
        count: 'outOfOrder',
        tenant,
        what: 'the last state record in the topic is an older one',
      });
  }
  return findings;
}

function firstOccurrences(messages: readonly TopicMessage[]): TopicMessage[] {
  const seen = new Set<string>();
  return messages.filter(({ id }) => !seen.has(id) && seen.add(id));
}

/** Each participant went through every sequence of every tenant, one by one. */
function judgePositions(evidence: Evidence): Finding[] {
  return PARTICIPANTS.flatMap((participant) => {
    const findings: Finding[] = [];
    for (const { tenant, kind, detail } of notesOf(evidence, participant)) {
      if (kind !== 'position') continue;
      const [from, to] = [Number(detail['from']), Number(detail['to'])];
      const what = `the position of ${participant} went from ${from} to ${to}`;
      if (to < from) findings.push({ count: 'outOfOrder', tenant, what });
      else if (to > from + 1) findings.push({ count: 'lost', tenant, what });
    }
    for (const { id, seq } of evidence.tenants) {
      const position = evidence.positions[participant].get(id) ?? 0;
      if (position !== seq)
        findings.push({ count: 'lost', tenant: id, what: `${participant} is at ${position} of ${seq}` });
    }
    return findings;
  });
}

/** Each request is stored once by whom it addresses, and each is newer than the one before. */
function judgeStored(evidence: Evidence): Finding[] {
  return PARTICIPANTS.flatMap((participant) => {
    const stored = notesOf(evidence, participant).filter(({ kind }) => kind === 'stored');
    return [...Map.groupBy(stored, ({ tenant }) => tenant)].flatMap(([tenant, notes]) =>
      judgeStoredOf(`${participant} took in`, tenant, notes),
    );
  });
}

function judgeStoredOf(who: string, tenant: string, notes: readonly Note[]): Finding[] {
  const findings: Finding[] = [];
  const seen = new Set<string>();
  let newest: readonly [number, number] = [0, 0];
  for (const { generation, detail } of notes) {
    const place = [generation ?? 0, Number(detail['attempt'])] as const;
    const what = `attempt ${place[1]} of generation ${place[0]}`;
    if (seen.has(what)) findings.push({ count: 'doubled', tenant, what: `${who} ${what} twice` });
    else if (place[0] < newest[0] || (place[0] === newest[0] && place[1] <= newest[1]))
      findings.push({
        count: 'outOfOrder',
        tenant,
        what: `${who} ${what} after attempt ${newest[1]} of generation ${newest[0]}`,
      });
    else newest = place;
    seen.add(what);
  }
  return findings;
}

const PARTICIPANTS = ['reference', 'verifier'] as const;

function notesOf(evidence: Evidence, participant: (typeof PARTICIPANTS)[number]): readonly Note[] {
  return participant === 'reference' ? evidence.dataNotes : evidence.verifierNotes;
}
