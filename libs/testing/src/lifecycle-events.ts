import { newId } from '@tenantry/kernel';
import type {
  Envelope,
  FactType,
  LifecycleType,
  ParticipantRequest,
  Payload,
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
