import type { Notification, Pool, PoolClient } from 'pg';

/** How long to wait before listening again after the connection was lost, in milliseconds. */
const RECONNECT_MS = 1_000;
const CHECK_MS = 10_000;

export interface PgListenerOptions {
  /** Gives one connection for as long as the listener runs; a pool of direct connections, since transaction poolers lose LISTEN. */
  readonly pool: Pool;
  /** Plain lower-case identifiers. */
  readonly channels: readonly string[];
  readonly onNotification: (channel: string, payload: string) => void;
  /** Called each time that listening begins: whatever was announced before then is unknown. */
  readonly onListening?: () => void;
  /** Called when the connection fails; the listener goes on by itself. */
  readonly onError: (error: unknown) => void;
  /** How often the connection is asked for a sign of life, and given up if it owes one from the time before. Default 10 000. */
  readonly checkMs?: number;
}

/** Listens to Postgres's NOTIFY. A notification only wakes somebody sooner; whoever uses it must find the truth by looking. */
export class PgListener {
  private stopped = false;
  private client?: PoolClient;
  private retry?: NodeJS.Timeout;
  private check?: NodeJS.Timeout;

  constructor(private readonly options: PgListenerOptions) {}

  /** Begins to listen; resolves after the first try, whether it succeeded or goes on in the background. */
  async start(): Promise<void> {
    await this.listen();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.retry);
    this.leave();
  }

  private async listen(): Promise<void> {
    let client: PoolClient | undefined;
    try {
      client = await this.options.pool.connect();
      this.attend(client);
      for (const channel of this.options.channels) await client.query(`LISTEN ${channel}`);
      if (client === this.client) this.options.onListening?.();
    } catch (error) {
      this.lost(client, error);
    }
  }

  private attend(client: PoolClient): void {
    this.client = client;
    client.on('error', (error) => this.lost(client, error));
    client.on('end', () => this.lost(client, new Error('the connection ended')));
    client.on('notification', ({ channel, payload }: Notification) =>
      this.options.onNotification(channel, payload ?? ''),
    );
    if (this.stopped) this.leave();
    else this.watch(client);
  }

  /** A connection whose other end has vanished tells nobody: it would listen for ever and hear nothing. */
  private watch(client: PoolClient): void {
    let owing = false;
    this.check = setInterval(() => {
      if (owing) return this.lost(client, new Error('the connection has fallen silent'));
      owing = true;
      client.query('SELECT 1').then(
        () => (owing = false),
        (error: unknown) => this.lost(client, error),
      );
    }, this.options.checkMs ?? CHECK_MS);
  }

  private lost(client: PoolClient | undefined, error: unknown): void {
    if (client !== this.client || this.stopped) return;
    this.leave();
    this.options.onError(error);
    this.retry = setTimeout(() => void this.listen(), RECONNECT_MS);
  }

  /** Destroys the connection instead of giving it back: it would go on listening for its next borrower. */
  private leave(): void {
    const client = this.client;
    this.client = undefined;
    clearInterval(this.check);
    client?.removeAllListeners('notification');
    client?.release(true);
  }
}
