import type { HttpClient } from '@tenantry/testing/servers';

/** How often each request is sent, in milliseconds; together far above the rate below which error ratios are damped. */
const EVERY_MS = 100;
/** So many answers to one request may be outstanding; while they are, it is not sent again. */
const MAX_OPEN = 40;

/** Sends the same requests over and over, whatever is answered, as users do. */
export class Load {
  private readonly timers: NodeJS.Timeout[] = [];

  /** @param path of a request that changes nothing. */
  repeat(client: HttpClient, path: string): void {
    let open = 0;
    const send = async (): Promise<void> => {
      open += 1;
      // Whether it is answered, and how, is what the metrics tell.
      await client.get(path).catch(() => undefined);
      open -= 1;
    };
    this.timers.push(
      setInterval(() => {
        if (open < MAX_OPEN) void send();
      }, EVERY_MS),
    );
  }

  stop(): void {
    for (const timer of this.timers.splice(0)) clearInterval(timer);
  }
}
