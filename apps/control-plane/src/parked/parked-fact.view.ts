import type { ParkedState } from './recovery.js';
import type { RecoveryView } from './recovery.view.js';

/** A fact that a participant holds back, as the world sees it: plain JSON, times in RFC 3339 UTC. */
export interface ParkedFactView {
  readonly id: string;
  readonly state: ParkedState;
  readonly tenantId: string;
  readonly participant: string;
  readonly group: string;
  readonly tenantSeq: number;
  readonly eventId: string;
  readonly eventType: string;
  /** How often it was tried, over all redrives. */
  readonly attempts: number;
  readonly error: string;
  readonly parkedAt: string;
  /** When the participant said it last. */
  readonly announcedAt: string;
  readonly resolvedAt: string | null;
}

/** With what one needs to find out why. */
export interface ParkedFactDetailView extends ParkedFactView {
  readonly stack: string | null;
  /** The event's data; null when neither the participant nor the history has it. */
  readonly payload: Record<string, unknown> | null;
  /** Facts of the tenant that were published after it: while it is parked they wait behind it. */
  readonly laterFacts: number;
  /** What was asked for about it, newest first. */
  readonly recoveries: readonly RecoveryView[];
}
