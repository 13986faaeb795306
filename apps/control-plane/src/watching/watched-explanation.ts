import { createHash } from 'node:crypto';
import type { Explained, Explanation } from '../explaining/explanation.js';
import type { StreamedEvent } from './event-stream.js';

/** An explanation as it is streamed: the event, and what tells two of them apart. */
export interface WatchedExplanation {
  readonly tenantId: string;
  /** The same for explanations that say the same, in every process. */
  readonly id: string;
  readonly event: StreamedEvent;
  /** When it held, by the database's clock: an older one never replaces a newer. */
  readonly at: number;
  /** When time alone will have changed it. */
  readonly changesAt: Date | null;
  readonly purged: boolean;
}

export function toWatched({ explanation, changesAt }: Explained): WatchedExplanation {
  const id = createHash('sha256')
    .update(JSON.stringify(withoutNoise(explanation)))
    .digest('base64url')
    .slice(0, 22);
  return {
    tenantId: explanation.tenantId,
    id,
    event: { event: 'explanation', id, data: JSON.stringify(explanation) },
    at: Date.parse(explanation.at),
    changesAt,
    purged: explanation.state === 'PURGED',
  };
}

/** When it was looked at, and every sign of life, are no news. */
function withoutNoise(explanation: Explanation): unknown {
  const participants = explanation.participants.map((part) => ({ ...part, heardAt: null }));
  return { ...explanation, at: null, participants };
}
