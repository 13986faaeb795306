import { ExpressAdapter } from '@nestjs/platform-express';
import type { Server } from 'node:http';
import type { StartingServer } from './starting-server.js';

/** Express on a server that listens already: to listen means to take its requests over. */
export class StartedAdapter extends ExpressAdapter {
  constructor(private readonly server: StartingServer) {
    super();
  }

  override initHttpServer(): void {
    this.setHttpServer(this.server.http);
  }

  /** Port and host are not asked; what is called back is, as Nest does it, the last. */
  override listen(...args: readonly (string | number | (() => void) | undefined)[]): Server {
    this.server.handOver(this.getInstance());
    const callback = args.at(-1);
    if (typeof callback === 'function') callback();
    return this.server.http;
  }
}
