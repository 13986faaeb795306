import type { ParticipantRequest, RequestType } from '@tenantry/contracts';

/** One request that a participant has to work, as it stood when the worker took it. */
export interface WorkItem {
  readonly tenantId: string;
  readonly operationId: string;
  readonly generation: number;
  /** The highest attempt known when the work began; the answer carries the highest known when it ended. */
  readonly attempt: number;
  readonly type: RequestType;
  readonly request: ParticipantRequest;
  /** W3C trace context of the request, to go on in. */
  readonly traceparent?: string;
}

/** What a handler is given besides the request. */
export interface WorkControl {
  /**
   * Aborted, with a `WorkAbandoned` as its reason, when a newer operation of the tenant supersedes this one, when the
   * lease is lost, or when the worker stops. The handler should end soon, leaving a state that any newer
   * request can start from; what it answers then is not sent (a success while stopping is).
   */
  readonly signal: AbortSignal;
  /** Rejects with `WorkAbandoned` unless this is still the newest request and still ours; call it before each irreversible step. */
  assertCurrent(): Promise<void>;
  /** Tells the control plane `in_progress`; percent from 0 to 100. */
  progress(percent: number): Promise<void>;
}

/** What a success says: counts and names of objects, no tenant data. */
export interface WorkResult {
  readonly evidence: Record<string, unknown>;
}

/**
 * Works one request, starting from whatever it finds (it may be run again after a crash). A rejection becomes a
 * `failed` acknowledgement with the error's message; it is retryable unless the error has `retryable === false`, and
 * carries the error's `evidence` if that is an object: what was found in the way, in counts and names of objects.
 */
export type RequestHandler = (item: WorkItem, control: WorkControl) => Promise<WorkResult>;

export type AbandonReason = 'superseded' | 'lease-lost' | 'stopping';

/** The work is no longer this worker's to finish; not a failure of the request. */
export class WorkAbandoned extends Error {
  readonly reason: AbandonReason;

  constructor(reason: AbandonReason) {
    super(`The work was abandoned: ${reason}.`);
    this.name = 'WorkAbandoned';
    this.reason = reason;
  }
}
