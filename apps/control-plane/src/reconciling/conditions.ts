import type { Condition } from '../tenants/condition.js';
import type { Part } from './parts.js';
import { isSilent, type ParticipantFacts, type Situation } from './situation.js';

/** What is true of a tenant beside its state; since when is added where it is kept. */
export type PlannedCondition = Omit<Condition, 'since'>;

export function conditionsOf(
  situation: Situation,
  parts: readonly Part[],
  finish: 'succeeded' | 'failed' | undefined,
): PlannedCondition[] {
  const { tenant, operation, now } = situation;
  const failed = finish === 'failed' || operation.state === 'failed';
  const ended = finish === 'succeeded' || operation.state === 'succeeded';
  const paused = tenant.pausedAt !== null;
  const conditions: PlannedCondition[] = [];
  if (tenant.pausedAt !== null)
    conditions.push({ type: 'paused', message: 'automation is paused for this tenant by an operator' });
  if (tenant.holdPlacedAt !== null)
    conditions.push({ type: 'legalHold', message: 'a legal hold keeps this tenant from being purged' });
  if (tenant.desired === 'active' && !parts.some(({ counted }) => counted)) {
    conditions.push({
      type: 'noParticipants',
      message: 'no required participant is declared, so nothing can be provisioned',
    });
  }
  for (const part of parts) {
    const found = [
      skipped(part),
      failure(part, failed || paused) ?? lateness(part, now),
      absence(part, now),
      backlog(part, ended),
    ];
    for (const condition of found) if (condition) conditions.push(condition);
  }
  // Whoever failed has acknowledged since, or takes part no longer; its end was announced all the same.
  if (failed && !conditions.some(({ type }) => type === 'failed'))
    conditions.push({
      type: 'failed',
      message: 'the operation failed, and nothing goes on by itself; retry it',
    });
  return conditions;
}

/** When a participant that was asked is overdue. */
export function overdueAt(participant: ParticipantFacts, addressedAt: Date): Date {
  return new Date(addressedAt.getTime() + participant.ackTimeoutMs);
}

function skipped({ participant, task, satisfied }: Part): PlannedCondition | undefined {
  if (satisfied || !task?.decision) return undefined;
  const words = task.decision === 'attest' ? 'was attested for' : 'was skipped';
  return { type: 'skipped', message: `${participant.name} ${words} by an operator; it has not acknowledged` };
}

/** @param told whether nobody else tells that a participant failed which is waited for: its operation would end. */
function failure({ participant, task, counted, passed }: Part, told: boolean): PlannedCondition | undefined {
  if (passed || task?.state !== 'failed' || task.retryable !== false || (counted && !told)) return undefined;
  return { type: 'failed', message: `${participant.name}: ${task.lastError ?? 'no reason was given'}` };
}

function lateness({ participant, task, passed }: Part, now: Date): PlannedCondition | undefined {
  if (passed || !task?.addressedAt || overdueAt(participant, task.addressedAt) > now) return undefined;
  const error = task.lastError ? `; its last error: ${task.lastError}` : '';
  return { type: 'overdue', message: `${participant.name} has not acknowledged in time${error}` };
}

function absence({ participant, task, passed }: Part, now: Date): PlannedCondition | undefined {
  // One that was asked just now gets its time before anybody is worried about it.
  if (passed || !task?.addressedAt || overdueAt(participant, task.addressedAt) > now) return undefined;
  const optional = participant.required ? '' : ' (it is optional)';
  if (participant.retiredAt !== null)
    return { type: 'silent', message: `${participant.name} is retired and still holds this tenant` };
  if (participant.lastHeartbeatAt === null)
    return { type: 'neverHeardFrom', message: `${participant.name} never came up${optional}` };
  if (!isSilent(participant, now)) return undefined;
  const since = participant.lastHeartbeatAt.toISOString();
  return { type: 'silent', message: `${participant.name} was last heard from at ${since}${optional}` };
}

function backlog({ participant, passed, counted }: Part, ended: boolean): PlannedCondition | undefined {
  if (passed || !participant.required || (counted && !ended)) return undefined;
  return { type: 'catchingUp', message: `${participant.name} came later and has not reached this state yet` };
}
