import { SpanKind } from '@opentelemetry/api';
import type { Envelope } from '@tenantry/contracts';
import type { ControlPlaneTransport, ParticipantTransport } from '../transport.js';
import { inSpan, inSpans, type Traced } from './tracing.js';

/** How a transport is named in spans, by OpenTelemetry's semantic conventions for messaging. */
export interface TransportNames {
  /** `messaging.system`. */
  readonly system: 'kafka' | 'tenantry';
  /** `messaging.destination.name`. */
  readonly lifecycle: string;
  readonly state: string;
  readonly parked: string;
  readonly acknowledgements: string | ((participant: string) => string);
}

/** The embedded transport has one of each for all. */
export const EMBEDDED_NAMES = {
  system: 'tenantry',
  lifecycle: 'lifecycle',
  state: 'state',
  parked: 'parked',
  acknowledgements: 'acknowledgements',
} as const;

/**
 * Shows what goes through a transport as pieces of the traces that it was caused by. An event carries the place where it was made, and
 * goes on carrying it: sending it, taking it and answering it are all below that, whoever sends it and however often (ADR 29).
 */
export function tracedControlPlane(
  transport: ControlPlaneTransport,
  names: TransportNames,
): ControlPlaneTransport {
  return {
    ...transport,
    publish: (messages) =>
      inSpans(
        () => messages.map(({ channel, envelope }) => sendOf(names.system, names[channel], envelope)),
        () => transport.publish(messages),
      ),
    consumeAcknowledgements: (options) =>
      transport.consumeAcknowledgements({
        ...options,
        handler: (participant, message) =>
          inSpan(processOf(names.system, acknowledgementsOf(names, participant), message), () =>
            options.handler(participant, message),
          ),
      }),
  };
}

/** The same for a service's side. */
export function tracedParticipant(
  transport: ParticipantTransport,
  names: TransportNames & { readonly acknowledgements: string },
): ParticipantTransport {
  return {
    ...transport,
    consumeLifecycle: (options) =>
      transport.consumeLifecycle({
        ...options,
        handler: (event) =>
          inSpan(processOf(names.system, names.lifecycle, event, options.group), () =>
            options.handler(event),
          ),
      }),
    acknowledge: (messages) =>
      inSpans(
        () => messages.map((message) => sendOf(names.system, names.acknowledgements, message)),
        () => transport.acknowledge(messages),
      ),
  };
}

function acknowledgementsOf({ acknowledgements }: TransportNames, participant: string): string {
  return typeof acknowledgements === 'string' ? acknowledgements : acknowledgements(participant);
}

function sendOf(system: string, destination: string, envelope: Envelope): Traced {
  return {
    name: `send ${destination}`,
    // Not a producer: what is handed on is the place where the event was made, not this one.
    kind: SpanKind.CLIENT,
    parent: envelope.traceparent,
    attributes: attributesOf('send', system, destination, envelope),
  };
}

function processOf(system: string, destination: string, envelope: Envelope, group?: string): Traced {
  return {
    name: `process ${destination}`,
    kind: SpanKind.CONSUMER,
    parent: envelope.traceparent,
    attributes: {
      ...attributesOf('process', system, destination, envelope),
      ...(group !== undefined && { 'messaging.consumer.group.name': group }),
    },
  };
}

function attributesOf(
  operation: 'send' | 'process',
  system: string,
  destination: string,
  { id, type, subject }: Envelope,
): Traced['attributes'] {
  return {
    'messaging.system': system,
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    'messaging.destination.name': destination,
    'messaging.message.id': id,
    'cloudevents.event_type': type,
    'cloudevents.event_subject': subject,
  };
}
