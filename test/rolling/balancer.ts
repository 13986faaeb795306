import { Agent, createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY_MS = 200;
const LOOK_TIMEOUT_MS = 2_000;

interface Member {
  readonly url: URL;
  readonly agent: Agent;
  ready: boolean;
  /** Taken out by hand, whatever its probe says. */
  withdrawn: boolean;
}

/**
 * A load balancer as they are everywhere: it asks each member's `/readyz`, hands requests to those that answer 200 in turn over kept
 * connections, and tries none a second time. What a member fails is the client's to see.
 */
export class Balancer {
  private readonly members: Member[];
  private readonly server = createServer((request, response) => this.hand(request, response));
  private readonly stopping = new AbortController();
  private looking: Promise<unknown> = Promise.resolve();
  private turn = 0;

  constructor(urls: readonly string[]) {
    this.members = urls.map((url) => ({
      url: new URL(url),
      agent: new Agent({ keepAlive: true }),
      ready: false,
      withdrawn: false,
    }));
  }

  /** @returns where clients find it. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.looking = Promise.all(this.members.map((member) => this.look(member)));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  isReady(url: string): boolean {
    return this.of(url).ready;
  }

  /** Gives it nothing more, as an orchestrator does that ends it, or lets its probe decide again. */
  withdraw(url: string, withdrawn: boolean): void {
    this.of(url).withdrawn = withdrawn;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.looking;
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    for (const { agent } of this.members) agent.destroy();
  }

  private of(url: string): Member {
    const member = this.members.find((one) => one.url.href === new URL(url).href);
    if (!member) throw new Error(`${url} is no member`);
    return member;
  }

  private async look(member: Member): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      member.ready = await fetch(new URL('/readyz', member.url), {
        headers: { connection: 'close' },
        signal: AbortSignal.timeout(LOOK_TIMEOUT_MS),
      }).then(
        ({ status }) => status === 200,
        () => false,
      );
      await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private hand(request: IncomingMessage, response: ServerResponse): void {
    const ready = this.members.filter((member) => member.ready && !member.withdrawn);
    const member = ready[(this.turn += 1) % ready.length];
    if (!member) {
      response.writeHead(503, { 'content-type': 'text/plain' }).end('no member is ready');
      return;
    }
    const onward = send(
      {
        agent: member.agent,
        host: member.url.hostname,
        port: member.url.port,
        method: request.method,
        path: request.url,
        headers: { ...request.headers, connection: 'keep-alive' },
      },
      (answer) => {
        const headers = Object.entries(answer.headers).filter(([name]) => name !== 'connection');
        response.writeHead(answer.statusCode ?? 502, Object.fromEntries(headers));
        answer.pipe(response);
        answer.on('error', () => response.destroy());
      },
    );
    onward.on('error', (error) => {
      if (response.headersSent) response.destroy();
      else
        response.writeHead(502, { 'content-type': 'text/plain' }).end(`${member.url.host}: ${error.message}`);
    });
    request.pipe(onward);
  }
}
