/** On whose behalf something is done; taken from the request by the controller, never from its body. */
export interface Caller {
  /** `api-key:<id>`, or `system:<part>` for what the control plane does by itself. */
  readonly actor: string;
  readonly requestId?: string;
  /** W3C trace context of the request. */
  readonly traceparent?: string;
}

/** The reconciler's own hand: it purges when a grace period has ended. */
export const RECONCILER: Caller = { actor: 'system:reconciler' };
