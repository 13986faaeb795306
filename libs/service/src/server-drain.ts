import type { Server, ServerResponse } from 'node:http';

/**
 * Follows the open requests of a server, so that it can be closed as soon as they are answered: `server.close()` alone
 * waits for every client that stays connected, also for those that never asked anything.
 */
export class ServerDrain {
  private readonly open = new Set<ServerResponse>();
  private turningAway = false;
  private closing = false;

  constructor(private readonly server: Server) {
    server.prependListener('request', (_request, response: ServerResponse) => {
      this.open.add(response);
      if (this.turningAway) response.setHeader('Connection', 'close');
      response.once('close', () => {
        this.open.delete(response);
        this.disconnectWhenDone();
      });
    });
  }

  /** Says on every answer from now on that its connection closes behind it, so that clients come back through others. */
  turnAway(): void {
    this.turningAway = true;
    for (const response of this.open) if (!response.headersSent) response.setHeader('Connection', 'close');
  }

  /** Stops accepting connections and resolves when all requests are answered and everyone is disconnected. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise<void>((resolve, reject) => {
      this.server.close((error) => (error ? reject(error) : resolve()));
    });
    this.closing = true;
    this.turnAway();
    this.disconnectWhenDone();
    await closed;
  }

  private disconnectWhenDone(): void {
    if (this.closing && this.open.size === 0) this.server.closeAllConnections();
  }
}
