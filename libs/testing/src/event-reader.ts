import { waitFor } from './wait-for.js';

/** A server-sent event as a client gets it. */
export interface ReadEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
  /** When it came, in milliseconds of `performance.now()`. */
  readonly receivedAt: number;
}

/** Reads a stream of server-sent events as it comes; a `GET` with the given headers. */
export class EventReader {
  readonly events: ReadEvent[] = [];
  comments = 0;
  /** Whether the server has ended the stream. */
  ended = false;
  private readonly abort = new AbortController();

  private constructor(readonly response: Response) {}

  static async open(
    url: string,
    headers: Readonly<Record<string, string>>,
    abort = new AbortController(),
  ): Promise<EventReader> {
    const reader = new EventReader(await fetch(url, { headers, signal: abort.signal }));
    reader.abort.signal.addEventListener('abort', () => abort.abort());
    void reader.read();
    return reader;
  }

  close(): void {
    this.abort.abort();
  }

  /** Waits for an event after the ones counted already. */
  async next(from: number, timeoutMs?: number): Promise<ReadEvent> {
    return waitFor(`event ${from + 1}`, () => this.events[from], timeoutMs);
  }

  private async read(): Promise<void> {
    let text = '';
    try {
      for await (const chunk of this.response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        text += chunk;
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) this.take(block);
      }
      this.ended = true;
    } catch {
      // Closed by this side, or cut off: not ended.
    }
  }

  private take(block: string): void {
    if (block.startsWith(':')) this.comments += 1;
    const field = (name: string): string | undefined =>
      block
        .split('\n')
        .find((line) => line.startsWith(`${name}: `))
        ?.slice(name.length + 2);
    const data = field('data');
    if (data === undefined) return;
    this.events.push({
      event: field('event') ?? 'message',
      id: field('id'),
      data: JSON.parse(data),
      receivedAt: performance.now(),
    });
  }
}
