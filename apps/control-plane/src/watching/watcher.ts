import type { EventStream } from './event-stream.js';
import type { WatchedExplanation } from './watched-explanation.js';

/** Why a stream ends: its tenant is purged, the process leaves, or it is so old that its client has to come again. */
export type EndReason = 'purged' | 'shutdown' | 'expired';

/** One client that watches a tenant: it is told what it has not been told already. */
export class Watcher {
  private toldAt = -Infinity;

  /** @param lastId the id of the explanation that the client has, from Last-Event-ID. */
  constructor(
    private readonly stream: EventStream,
    private lastId: string | undefined,
  ) {}

  tell({ id, at, event, purged }: WatchedExplanation): void {
    if (at < this.toldAt) return;
    this.toldAt = at;
    if (id !== this.lastId) {
      this.lastId = id;
      this.stream.send(event);
    }
    if (purged) this.end('purged');
  }

  end(reason: EndReason): void {
    this.stream.end({ event: 'end', data: JSON.stringify({ reason }) });
  }
}
