import {
  ACKNOWLEDGEMENT_SCHEMAS,
  checkIncoming,
  checkOutgoing,
  type AcknowledgementType,
} from '@tenantry/contracts';
import { isUuid } from '@tenantry/kernel';
import type { Heard } from './wire.js';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Everything that is wrong with a message of a participant, in words; empty when it is as it should be. */
export function problemsOf(heard: Heard, participant: string): readonly string[] {
  const { envelope } = heard;
  if (!envelope) return heard.problems;
  const problems = [...heard.problems];
  const { id, source, type, time, subject, generation, data } = envelope;
  for (const [name, value] of Object.entries({ id, source, type, time, subject }))
    if (value === '') problems.push(`${name} is missing`);
  if (time !== '' && (!TIME.test(time) || Number.isNaN(Date.parse(time))))
    problems.push(`time is not of RFC 3339: ${time}`);
  if (!isAcknowledgementType(type)) return [...problems, `the type is none of a participant's: ${type}`];
  const check = checkOutgoing(type, data);
  if (!check.ok) return [...problems, check.reason];
  const said = check.data as { participant: string; generation?: number };
  if (said.participant !== participant)
    problems.push(`it names participant ${said.participant} on the channel of ${participant}`);
  const isHeartbeat = type === 'participant.heartbeat.v1';
  if (isHeartbeat && subject !== participant)
    problems.push(`the subject of a heartbeat is the participant, not ${subject}`);
  const isTenant: boolean = isUuid(subject);
  if (!isHeartbeat && !isTenant) problems.push(`the subject is the tenant's id, not ${subject}`);
  if (generation !== undefined && said.generation !== undefined && generation !== String(said.generation))
    problems.push(`the attribute generation (${generation}) is not the payload's (${said.generation})`);
  return problems;
}

/** Whether a control plane, which reads more than may be written, could take this for an answer of the participant. */
export function isReadableAnswer({ envelope }: Heard, participant: string): boolean {
  if (!envelope || envelope.type !== 'participant.acknowledged.v1') return false;
  const check = checkIncoming('participant.acknowledged.v1', envelope.data);
  return check.ok && check.data.participant === participant && envelope.id !== '';
}

function isAcknowledgementType(type: string): type is AcknowledgementType {
  return Object.hasOwn(ACKNOWLEDGEMENT_SCHEMAS, type);
}
