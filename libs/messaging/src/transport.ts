import type { AcknowledgementType, Envelope, LifecycleType, StateRecord } from '@tenantry/contracts';

export type LifecycleEnvelope = Envelope<LifecycleType | string>;
export type AcknowledgementEnvelope = Envelope<AcknowledgementType | string>;

/**
 * Handles one message. Resolving means "applied or durably stored"; the transport then never delivers it again
 * unless the process died before it noted that (at-least-once). Rejecting means "not now": the transport delivers
 * the same message again, after a back-off, and nothing later of the same tenant before it. It never skips one:
 * to set a message aside is the consumer's decision (parking), not the transport's.
 */
export type Handler<E extends Envelope> = (message: E) => Promise<void>;

/** Something running in the background. */
export interface Subscription {
  /** Stops taking new messages, waits for the running handlers, notes what was done, and leaves. */
  stop(): Promise<void>;
  /** Settles when the subscription can never go on (rejects with why); the process should then exit. */
  readonly failed: Promise<never>;
}

/** What the control plane sends. A batch holds messages of one shard in order; it resolves when all are acknowledged by the broker. */
export interface OutboundMessage {
  /** `parked`: a copy for people and alerts, which nobody else reads; the embedded transport has no place for it. */
  readonly channel: 'lifecycle' | 'state' | 'parked';
  readonly envelope: Envelope;
  /** What is said beside the event, where the transport has headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The control plane's side of the port. */
export interface ControlPlaneTransport {
  /** Creates what is missing (topics, cleanup policies) for these participants; idempotent. */
  prepare(participants: readonly string[]): Promise<void>;
  /** Sends in order; resolves only when everything is durable at the broker. A tenant's order is kept across calls. */
  publish(messages: readonly OutboundMessage[]): Promise<void>;
  /**
   * Delivers what the state channel holds and then whatever comes, in the order of the channel, from its beginning in each process:
   * for finding an older record behind a newer one. Resolves at once; undefined where the channel cannot hold such a thing. `onCaughtUp`
   * is called when everything has been read that was there at the beginning.
   */
  readOwnState(options: {
    readonly handler: (record: StateRecord) => void;
    readonly onMalformed: (reason: string, raw: string) => void;
    readonly onCaughtUp?: () => void;
  }): Subscription | undefined;
  /**
   * Delivers every participant's messages. `participant` is whose channel it came on (topic, or login), which is
   * the truth; a body that names another is for the handler to refuse. Messages that are no envelope at all reach `onMalformed`.
   */
  consumeAcknowledgements(options: {
    readonly participants: () => Promise<readonly string[]>;
    readonly handler: (participant: string, message: AcknowledgementEnvelope) => Promise<void>;
    readonly onMalformed: (participant: string, reason: string, raw: string) => Promise<void>;
  }): Promise<Subscription>;
  close(): Promise<void>;
}

/** A data-plane service's side of the port. */
export interface ParticipantTransport {
  /**
   * Delivers every lifecycle event of every tenant, in order per tenant, to one member of the group.
   * Events that are no envelope at all reach `onMalformed` and are passed.
   *
   * A group that is new is given all of the history that is there. With `bootstrap` it is given every tenant's state record first, in
   * batches, some perhaps several times, and then the events behind what they reflect: whoever derives something from facts
   * needs no history then, which may be gone. Requests from before are not delivered; the control plane asks again. While
   * `bootstrap` rejects, everything is begun anew after a back-off.
   */
  consumeLifecycle(options: {
    readonly group: string;
    readonly handler: Handler<LifecycleEnvelope>;
    readonly onMalformed: (reason: string, raw: string) => Promise<void>;
    readonly bootstrap?: (records: readonly StateRecord[]) => Promise<void>;
  }): Promise<Subscription>;
  /**
   * Delivers the current state record of every tenant, then every newer one as it comes; each process gets all of
   * them. Records may be skipped when a newer one of the same tenant follows, and may be repeated.
   * Resolves when the first pass over everything that existed at the call is done.
   *
   * `onCurrent` is called whenever everything that the channel held a moment ago has been handed on, every few seconds while the
   * channel answers: how long ago it was last called is how old the records may be.
   */
  followState(options: {
    readonly handler: (record: StateRecord) => void;
    readonly onMalformed: (reason: string, raw: string) => void;
    readonly onCurrent?: () => void;
  }): Promise<Subscription>;
  /** Sends this participant's answers; resolves when they are durable. */
  acknowledge(messages: readonly AcknowledgementEnvelope[]): Promise<void>;
  close(): Promise<void>;
}
