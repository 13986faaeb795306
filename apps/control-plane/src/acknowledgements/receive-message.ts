import {
  ACKNOWLEDGEMENT_SCHEMAS,
  checkIncoming,
  type Acknowledgement,
  type AcknowledgementType,
  type AuditRecorded,
  type Heartbeat,
  type Parked,
  type Unparked,
} from '@tenantry/contracts';
import type { AcknowledgementEnvelope } from '@tenantry/messaging';

/** A participant's message once it has been checked, or why it is refused. */
export type Received =
  | { readonly kind: 'acknowledged'; readonly data: Acknowledgement }
  | { readonly kind: 'heartbeat'; readonly data: Heartbeat }
  | { readonly kind: 'parked'; readonly data: Parked }
  | { readonly kind: 'unparked'; readonly data: Unparked }
  | { readonly kind: 'audited'; readonly data: AuditRecorded }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Checks a message against its schema and its channel. Whose message it is follows from the channel that it came on;
 * a body that names another participant is refused.
 */
export function receive(participant: string, message: AcknowledgementEnvelope): Received {
  const { type } = message;
  if (!isAcknowledgementType(type)) return { kind: 'refused', reason: `the type ${type} is unknown` };
  const check = checkIncoming(type, message.data);
  if (!check.ok) return { kind: 'refused', reason: check.reason };
  const named = (check.data as { participant: string }).participant;
  if (named !== participant)
    return { kind: 'refused', reason: `it names ${named}, but came from ${participant}` };
  switch (type) {
    case 'participant.acknowledged.v1':
      return { kind: 'acknowledged', data: check.data as Acknowledgement };
    case 'participant.heartbeat.v1':
      return { kind: 'heartbeat', data: check.data as Heartbeat };
    case 'participant.parked.v1':
      return { kind: 'parked', data: check.data as Parked };
    case 'participant.unparked.v1':
      return { kind: 'unparked', data: check.data as Unparked };
    case 'participant.audit_recorded.v1':
      return { kind: 'audited', data: check.data as AuditRecorded };
  }
}

function isAcknowledgementType(type: string): type is AcknowledgementType {
  return Object.hasOwn(ACKNOWLEDGEMENT_SCHEMAS, type);
}
