import { SchemaTooNew } from '@tenantry/database';
import { backoffMs, newId, type Backoff } from '@tenantry/kernel';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { boundedServer } from './http-bounds.js';
import { PROBLEM_MEDIA_TYPE } from './problem.js';
import { SERVICE_PROBLEMS, problemType } from './problem-catalogue.js';
import type { ReadinessCheck } from './readiness-check.js';

const BACKOFF: Backoff = { baseMs: 250, maxMs: 2_000 };
/** How often it is said again what is waited for, in milliseconds. */
const SAY_AGAIN_MS = 30_000;
const CHECK_TIMEOUT_MS = 10_000;

/** Whose server it is. */
const starting = new WeakMap<Server, StartingServer>();

/** Where a process listens. */
export interface StartingServerOptions {
  readonly logger: Logger;
  readonly host: string;
  readonly port: number;
}

/**
 * The HTTP server of a process whose application is not there yet. It answers the probes from the first moment on: `/livez` that the
 * process runs, `/readyz` what it waits for; everything else is 503. The application then takes the same server over
 * ({@link createHttpApp}), so that no connection is refused in between.
 */
export class StartingServer {
  readonly http: Server = boundedServer();
  private readonly checks = new Map<string, 'up' | 'down' | 'unknown'>();
  private readonly onSignal = (signal: string): void => this.leave(signal);
  private readonly onRequest: RequestListener = (request, response) => this.answer(request, response);

  private constructor(private readonly logger: Logger) {
    this.http.on('request', this.onRequest);
    starting.set(this.http, this);
  }

  /** The one that a server was begun by, if it was. */
  static of(server: Server): StartingServer | undefined {
    return starting.get(server);
  }

  /** Listens. A SIGTERM or SIGINT ends the process at once, with exit code 0, until somebody else attends to them. */
  static async listen({ logger, host, port }: StartingServerOptions): Promise<StartingServer> {
    const server = new StartingServer(logger);
    server.http.listen(port, host);
    await once(server.http, 'listening');
    process.on('SIGTERM', server.onSignal);
    process.on('SIGINT', server.onSignal);
    return server;
  }

  /**
   * Resolves when everything in the list holds, in its order; asks again and again, for as long as it takes, and says in the log and on
   * `/readyz` what it waits for. The reason of a failure is in the log alone.
   *
   * @throws SchemaTooNew as soon as a check does: no waiting mends that.
   */
  async untilMet(needs: readonly ReadinessCheck[]): Promise<void> {
    for (const { name } of needs) this.checks.set(name, 'unknown');
    for (const need of needs) {
      await this.untilOneIsMet(need);
      this.checks.set(need.name, 'up');
    }
  }

  /** Somebody else attends to signals now: work is about to begin that has to be finished or handed back. */
  yieldSignals(): void {
    process.off('SIGTERM', this.onSignal);
    process.off('SIGINT', this.onSignal);
  }

  /** From now on every request is the application's. */
  handOver(application: RequestListener): void {
    this.yieldSignals();
    this.http.off('request', this.onRequest);
    this.http.on('request', application);
  }

  private async untilOneIsMet({ name, check }: ReadinessCheck): Promise<void> {
    const began = performance.now();
    let saidAt = -Infinity;
    for (let attempt = 1; ; attempt += 1) {
      const err = await failureOf(check);
      const waitedMs = Math.round(performance.now() - began);
      if (err === undefined) {
        if (attempt > 1) this.logger.info({ waitedFor: name, waitedMs }, 'what was waited for is there');
        return;
      }
      if (err instanceof SchemaTooNew) throw err;
      this.checks.set(name, 'down');
      if (performance.now() - saidAt >= SAY_AGAIN_MS) {
        saidAt = performance.now();
        this.logger.warn({ waitingFor: name, waitedMs, err }, 'the start waits');
      }
      await new Promise((resolve) => setTimeout(resolve, backoffMs(BACKOFF, attempt)));
    }
  }

  private leave(signal: string): void {
    this.logger.info({ signal }, 'stopped before it was ready');
    process.exit(0);
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const [path = '/'] = (request.url ?? '/').split('?', 1);
    if (path === '/livez' && request.method === 'GET')
      return send(response, 200, 'application/json', { status: 'ok', checks: {} });
    const { status, title } = SERVICE_PROBLEMS['not-ready'];
    const waitingFor = [...this.checks].find(([, state]) => state === 'down')?.[0];
    const requestId = newId();
    response.setHeader('X-Request-Id', requestId);
    response.setHeader('Retry-After', '1');
    send(response, status, PROBLEM_MEDIA_TYPE, {
      type: problemType('not-ready'),
      title,
      status,
      detail: waitingFor === undefined ? 'The process is starting.' : `The start waits for: ${waitingFor}.`,
      instance: path,
      code: 'not-ready',
      requestId,
      traceId: randomBytes(16).toString('hex'),
      checks: Object.fromEntries(this.checks),
    });
  }
}

function send(response: ServerResponse, status: number, type: string, body: unknown): void {
  response.statusCode = status;
  response.setHeader('Content-Type', type);
  // What was sent along is not read: nobody is there who could use it.
  if (status >= 400) response.setHeader('Connection', 'close');
  response.end(JSON.stringify(body));
}

/** What the check rejects with, also when it takes too long; undefined when it holds. */
async function failureOf(check: () => Promise<void>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)), CHECK_TIMEOUT_MS);
  });
  try {
    await Promise.race([check(), late]);
    return undefined;
  } catch (error) {
    return error ?? new Error('the check failed');
  } finally {
    clearTimeout(timer);
  }
}
