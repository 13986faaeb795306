import { newId } from '@tenantry/kernel';
import type {
  Envelope,
  FactType,
  LifecycleType,
  ParkedFactRequest,
  ParticipantRequest,
  Payload,
  RecoveryType,
  ReplayRequest,
  RequestType,
} from '@tenantry/contracts';

interface Placed {
  readonly tenantId: string;
  readonly seq: number | bigint;
}

/** A request as it arrives at a participant: valid, with what the test cares about put in. */
export function requestEvent(
  {
    tenantId,
    seq,
    type = 'tenant.provisioning_requested.v1',
    traceparent,
  }: Placed & { readonly type?: RequestType; readonly traceparent?: string },
  request: Partial<ParticipantRequest> = {},
): Envelope<RequestType, ParticipantRequest> {
  const data: ParticipantRequest = {
    operationId: newId(),
    generation: 1,
    attempt: 1,
    participants: ['reference'],
    desired:
      type === 'tenant.suspension_requested.v1'
        ? 'suspended'
        : type === 'tenant.purge_requested.v1'
          ? 'purged'
          : 'active',
    placements: [{ store: 'primary', isolation: 'pooled', cluster: 'default', database: null, schema: null }],
    ...request,
  };
  return {
    ...envelope({ tenantId, seq }, type, data),
    generation: String(data.generation),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

/** A fact as it arrives at a participant. */
export function factEvent<T extends FactType>(
  place: Placed & { readonly type: T },
  data: Payload<T>,
): Envelope<T, Payload<T>> {
  return envelope(place, place.type, data);
}

/** A redrive or a skip as it arrives at the group `reference-runner` of the participant `reference`. */
export function recoveryEvent(
  place: Placed & { readonly type: Exclude<RecoveryType, 'participant.replay_requested.v1'> },
  request: Partial<ParkedFactRequest> & Pick<ParkedFactRequest, 'tenantSeq'>,
): Envelope<RecoveryType, ParkedFactRequest> {
  return {
    ...envelope(place, place.type, { ...RECOVERY_HEAD, operationId: newId(), ...request }),
    generation: '1',
  };
}

/** One part of a replay of facts, as it arrives there. */
export function replayEvent(
  place: Placed,
  facts: readonly Envelope[],
  request: Partial<ReplayRequest> = {},
): Envelope<RecoveryType, ReplayRequest> {
  const operationId = request.operationId ?? newId();
  const data: ReplayRequest = {
    ...RECOVERY_HEAD,
    operationId,
    replayId: operationId,
    fromSeq: facts[0]?.tenantSeq ?? '1',
    part: 1,
    parts: 1,
    facts: facts.map(({ id, type, time, tenantSeq = '0', data: fact }) => ({
      id,
      type,
      time,
      tenantSeq,
      generation: '1',
      data: fact as Record<string, unknown>,
    })),
    ...request,
  };
  return { ...envelope(place, 'participant.replay_requested.v1', data), generation: '1' };
}

const RECOVERY_HEAD = { generation: 1, attempt: 1, participants: ['reference'], group: 'reference-runner' };

function envelope<T extends LifecycleType, D>({ tenantId, seq }: Placed, type: T, data: D): Envelope<T, D> {
  return {
    id: newId(),
    source: '/tenantry/control-plane',
    type,
    time: new Date().toISOString(),
    subject: tenantId,
    tenantSeq: String(seq),
    data,
  };
}
