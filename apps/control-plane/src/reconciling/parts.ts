import type { Capability, DesiredState, OperationKind, RequestType } from '@tenantry/contracts';
import { observedWhenDone } from '../tenants/tenant.js';
import type { ObservationFacts, ParticipantFacts, Situation, TaskFacts } from './situation.js';

/** One participant's share in bringing a tenant to its desired state. */
export interface Part {
  readonly participant: ParticipantFacts;
  readonly request: RequestType;
  readonly observation: ObservationFacts;
  readonly task: TaskFacts | undefined;
  /** Whether it has acknowledged that the tenant is there, at this generation. */
  readonly satisfied: boolean;
  /** Whether what it was asked for has to be asked for anew: a scan from before the last destruction. */
  readonly outdated: boolean;
  /** Satisfied, or an operator decided to go on without it. */
  readonly passed: boolean;
  /** Whether the tenant's state waits for it. */
  readonly counted: boolean;
}

/** A participant met for the first time, with the generation from which this tenant waits for it. */
export interface Join {
  readonly participant: string;
  readonly countsFrom: number;
}

/** What to ask a participant for, and what it must be able to do to be asked, and counted, for an operation. */
interface Wanted {
  readonly capability: Capability;
  readonly request: RequestType;
}

const VERIFY: Wanted = { capability: 'verify', request: 'tenant.verification_requested.v1' };

/** Whoever takes part now: for a purge everyone who destroys, and once all of them have, everyone who verifies. */
export function partsOf(situation: Situation): { parts: Part[]; joins: Join[] } {
  const { tenant, operation } = situation;
  const wanted = wantedFor(tenant.desired, operation.kind);
  const unfinished = operation.state === 'pending' || operation.state === 'running';
  const countsFrom = unfinished ? tenant.generation : tenant.generation + 1;
  // A purge asks everyone who was ever asked about the tenant, and nobody new.
  const joins = tenant.desired === 'purged' ? [] : newcomers(situation, wanted.capability, countsFrom);
  const parts = partsFor(situation, wanted, joins);
  if (tenant.desired !== 'purged' || !parts.every((part) => part.passed)) return { parts, joins };
  // Nobody new verifies what has ended.
  const verifiers = unfinished ? newcomers(situation, VERIFY.capability, countsFrom) : [];
  const scans = partsFor(situation, VERIFY, verifiers).map((part) => scanOf(part, parts));
  return { parts: [...parts, ...scans], joins: verifiers };
}

/** A scan counts when it was asked for after the last participant destroyed, or was attested for. */
function scanOf(part: Part, destructions: readonly Part[]): Part {
  const { task } = part;
  if (!task) return part;
  const askedAt = task.countsFromAt ?? new Date(0);
  const outdated = destructions.some((each) => (each.task?.finishedAt ?? askedAt) > askedAt);
  const satisfied = task.state === 'succeeded' && !outdated;
  return { ...part, outdated, satisfied, passed: satisfied || task.decision !== null };
}

function newcomers(situation: Situation, capability: Capability, countsFrom: number): Join[] {
  // Who only verifies is met when there is something to verify; everybody else at once.
  const verifies = capability === 'verify';
  return situation.participants
    .filter(
      ({ name, retiredAt, capabilities, declaredBy }) =>
        retiredAt === null &&
        capabilities.includes('verify') === verifies &&
        // Nobody vouches for a verifier that only says of itself that it is one.
        !(verifies && declaredBy === 'heartbeat') &&
        !situation.observations.has(name),
    )
    .map(({ name }) => ({ participant: name, countsFrom }));
}

function partsFor(situation: Situation, { capability, request }: Wanted, joins: readonly Join[]): Part[] {
  const { tenant, tasks, observations } = situation;
  const done = observedWhenDone(tenant.desired);
  const parts: Part[] = [];
  for (const participant of situation.participants) {
    const { name, required } = participant;
    const joined = joins.find((join) => join.participant === name);
    const observation: ObservationFacts | undefined =
      observations.get(name) ??
      (joined && { observed: 'none', observedGeneration: 0, countsFrom: joined.countsFrom });
    if (!observation || !participant.capabilities.includes(capability)) continue;
    const task = tasks.get(name);
    // What a retired participant still holds is held against the purge, and so is what a retired verifier was asked; nothing else is.
    if (participant.retiredAt !== null && capability !== 'purge' && !(capability === 'verify' && task))
      continue;
    const satisfied = observation.observed === done && observation.observedGeneration === tenant.generation;
    parts.push({
      participant,
      request,
      observation,
      task,
      satisfied,
      outdated: false,
      passed: satisfied || (task?.decision ?? null) !== null,
      // A purge waits for everyone who was ever asked: an optional service's copy is a copy too, and what an optional
      // verifier finds is found.
      counted: tenant.desired === 'purged' || (required && observation.countsFrom <= tenant.generation),
    });
  }
  return parts;
}

function wantedFor(desired: DesiredState, kind: OperationKind): Wanted {
  switch (desired) {
    case 'active':
      return kind === 'provision'
        ? { capability: 'provision', request: 'tenant.provisioning_requested.v1' }
        : // Cancelling a deletion is asked for as what it goes back to.
          { capability: 'reactivate', request: 'tenant.reactivation_requested.v1' };
    case 'suspended':
      return { capability: 'suspend', request: 'tenant.suspension_requested.v1' };
    case 'purged':
      return { capability: 'purge', request: 'tenant.purge_requested.v1' };
  }
}
