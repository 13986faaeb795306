import type { HttpResponse } from '@tenantry/service';

/** One server-sent event (WHATWG HTML, "Server-sent events"). */
export interface StreamedEvent {
  readonly event: string;
  readonly id?: string;
  /** Text without line breaks; JSON is. */
  readonly data: string;
}

/** How long a client should wait before it comes back. */
const RETRY_MS = 1000;

/**
 * An answer that is a stream of server-sent events, each of which replaces the one before it. A client that reads slowly
 * gets the latest: what it could not take in is skipped, so that it costs one event of memory and no more.
 */
export class EventStream {
  private waiting: StreamedEvent | undefined;
  private ending: StreamedEvent | undefined;
  private heartbeat: NodeJS.Timeout | undefined;
  /** Since how many heartbeats it has read nothing. */
  private blocked = 0;

  constructor(
    private readonly response: HttpResponse,
    private readonly heartbeatMs: number,
  ) {}

  /** Sends the headers and begins to send heartbeats. */
  open(): void {
    const { response } = this;
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store, no-transform',
      // nginx would collect the events otherwise.
      'X-Accel-Buffering': 'no',
    });
    response.write(`retry: ${RETRY_MS}\n\n`);
    response.on('drain', () => this.flush());
    response.once('close', () => clearInterval(this.heartbeat));
    this.heartbeat = setInterval(() => this.beat(), this.heartbeatMs);
  }

  send(event: StreamedEvent): void {
    this.waiting = event;
    this.flush();
  }

  /** Sends what is still waiting, and one last event, and ends the answer; a client that does not take it in is cut off. */
  end(last: StreamedEvent): void {
    if (this.ending || this.response.closed) return;
    this.ending = last;
    clearInterval(this.heartbeat);
    const cut = setTimeout(() => this.response.destroy(), LINGER_MS);
    this.response.once('close', () => clearTimeout(cut));
    this.flush();
  }

  private flush(): void {
    const { response } = this;
    if (response.writableEnded || response.destroyed || response.writableNeedDrain) return;
    this.blocked = 0;
    if (this.waiting) {
      response.write(textOf(this.waiting));
      this.waiting = undefined;
    }
    if (this.ending) response.end(textOf(this.ending));
  }

  /** Keeps proxies from closing a quiet connection, and finds out about clients that are gone without a word. */
  private beat(): void {
    if (!this.response.writableNeedDrain) {
      this.response.write(': still here\n\n');
      return;
    }
    this.blocked += 1;
    if (this.blocked > MAX_BLOCKED_HEARTBEATS) this.response.destroy();
  }
}

/** How long a client may take to read the end. */
const LINGER_MS = 2000;

/** A client that has read nothing for so many heartbeats is gone. */
const MAX_BLOCKED_HEARTBEATS = 4;

function textOf({ event, id, data }: StreamedEvent): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`;
}
