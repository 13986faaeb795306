import {
  checkIncoming,
  isFactType,
  isRecoveryType,
  isRequestType,
  type FactType,
  type ParkedFactRequest,
  type ParticipantRequest,
  type RecoveryType,
  type ReplayRequest,
  type RequestType,
} from '@tenantry/contracts';
import { isUuid } from '@tenantry/kernel';
import type { LifecycleEnvelope } from '../transport.js';

interface Placed {
  readonly tenantId: string;
  readonly seq: bigint;
}

/** What is to be done about a tenant's parked facts. */
export type Recovery =
  | { readonly kind: 'redrive' | 'skip'; readonly request: ParkedFactRequest }
  | { readonly kind: 'replay'; readonly request: ReplayRequest };

/** What a lifecycle event turned out to be. Without a tenant and a sequence it has no place in any order. */
export type LifecycleReading =
  | { readonly kind: 'without-place'; readonly reason: string }
  | (Placed & { readonly kind: 'unreadable'; readonly reason: string })
  | (Placed & { readonly kind: 'request'; readonly type: RequestType; readonly request: ParticipantRequest })
  | (Placed & { readonly kind: 'recovery'; readonly recovery: Recovery })
  | (Placed & { readonly kind: 'fact'; readonly type: FactType; readonly data: unknown });

const SEQUENCE = /^[0-9]{1,19}$/;
const MAX_SEQUENCE = 2n ** 63n - 1n;

/** Reads an event as far as it can be read; never throws, whatever the event holds. */
export function readLifecycleEvent(event: LifecycleEnvelope): LifecycleReading {
  if (!isUuid(event.subject)) return { kind: 'without-place', reason: 'the subject is no tenant id' };
  const seq = sequenceOf(event.tenantSeq);
  if (seq === undefined)
    return { kind: 'without-place', reason: 'the tenant sequence is missing or no positive 64-bit integer' };

  const place = { tenantId: event.subject.toLowerCase(), seq };
  const { type, data } = event;
  if (isRequestType(type)) {
    const check = checkIncoming(type, data);
    return check.ok
      ? { ...place, kind: 'request', type, request: check.data }
      : { ...place, kind: 'unreadable', reason: check.reason };
  }
  if (isRecoveryType(type)) {
    const recovery = readRecovery(type, data);
    return 'reason' in recovery
      ? { ...place, kind: 'unreadable', reason: recovery.reason }
      : { ...place, kind: 'recovery', recovery };
  }
  if (isFactType(type)) {
    const check = checkIncoming(type, data);
    return check.ok
      ? { ...place, kind: 'fact', type, data: check.data }
      : { ...place, kind: 'unreadable', reason: check.reason };
  }
  return { ...place, kind: 'unreadable', reason: 'no lifecycle event type that this version knows' };
}

function readRecovery(type: RecoveryType, data: unknown): Recovery | { readonly reason: string } {
  if (type === 'participant.replay_requested.v1') {
    const check = checkIncoming(type, data);
    return check.ok ? { kind: 'replay', request: check.data } : check;
  }
  const check = checkIncoming(type, data);
  const kind = type === 'participant.skip_requested.v1' ? 'skip' : 'redrive';
  return check.ok ? { kind, request: check.data } : check;
}

function sequenceOf(text: string | undefined): bigint | undefined {
  if (text === undefined || !SEQUENCE.test(text)) return undefined;
  const seq = BigInt(text);
  return seq >= 1n && seq <= MAX_SEQUENCE ? seq : undefined;
}
