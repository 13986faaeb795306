import type { Operation } from '../operations/operation.entity.js';
import type { Situation } from '../reconciling/situation.js';
import type { TenantRows } from '../reconciling/situation.reader.js';
import type { ParkedMark } from './parked-mark.js';

/** How long a due wake-up, or an unsent request, may lie before it is called stuck: above what a takeover needs. */
export const STALLED_AFTER_MS = 35_000;

/** Everything that an explanation is derived from, read in one snapshot of the database. */
export interface Facts {
  /** What the reconciler decides by. */
  readonly situation: Situation;
  readonly rows: TenantRows;
  /** The operation that the current one took the place of while it was unfinished. */
  readonly superseded: Operation | null;
  /** The tenant's waiting wake-up; `null` when nothing is to be looked at. */
  readonly wake: WakeFacts | null;
  readonly sending: SendingFacts;
  /** What participants hold back of it. */
  readonly parked: readonly ParkedMark[];
}

export interface WakeFacts {
  /** When a worker is to look at the tenant, or, once it has begun, until when it is left to do so. */
  readonly dueAt: Date;
  /** Why the last look failed. */
  readonly lastError: string | null;
}

/** Whether what was asked has left the control plane. */
export interface SendingFacts {
  /** Whether something about the tenant waits to be sent. */
  readonly unsent: boolean;
  /** Why the last try to send failed. */
  readonly lastError: string | null;
}

/** Since when something that was asked waits to be sent; `undefined` when nothing does. By the database's clock. */
export function unsentSince({ sending, rows }: Facts): Date | undefined {
  if (!sending.unsent) return undefined;
  const asked = rows.tasks
    .filter(({ state }) => state === 'pending')
    .map(({ updatedAt }) => updatedAt.getTime());
  return asked.length === 0 ? undefined : new Date(Math.max(...asked));
}
