import type { INestApplication } from '@nestjs/common';
import type { Server } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import { Drain } from './drain.js';
import { ServerDrain } from './server-drain.js';
import { StartingServer } from './starting-server.js';
import { stopTelemetry } from './telemetry/telemetry.js';

/** How a process serves and leaves. */
export interface RunServiceOptions {
  readonly logger: Logger;
  /** Not asked where the app was created with a {@link StartingServer}, which listens already. */
  readonly host: string;
  readonly port: number;
  /**
   * How long after SIGTERM `/readyz` says 503, while requests are answered, before the server stops accepting: long enough for every load
   * balancer to notice. 0 unless given; SIGINT, which comes from a terminal, does not wait.
   */
  readonly drainMs?: number;
  /** This long after the draining the process leaves with exit code 1 whatever is still running; 25 s unless given. */
  readonly shutdownTimeoutMs?: number;
}

/**
 * Listens, logs `ready` with the address, and on SIGTERM or SIGINT leaves gracefully: says on `/readyz` that it drains and on every
 * answer that its connection closes, stops accepting, answers the open requests, runs the providers' shutdown hooks (`beforeApplicationShutdown` is where workers finish
 * or hand back their work), exits 0. A second signal does not hurry it.
 */
export async function runService(app: INestApplication<Server>, options: RunServiceOptions): Promise<void> {
  const { logger } = options;
  const server = new ServerDrain(app.getHttpServer());
  let leaving: Promise<void> | undefined;
  const leave = (signal: string): void => {
    leaving ??= shutDown(app, server, options, signal);
  };
  process.on('SIGTERM', leave);
  process.on('SIGINT', leave);
  StartingServer.of(app.getHttpServer())?.yieldSignals();
  await app.listen(options.port, options.host);
  logger.info({ url: await app.getUrl() }, 'ready');
}

async function shutDown(
  app: INestApplication,
  server: ServerDrain,
  options: RunServiceOptions,
  signal: string,
): Promise<void> {
  const { logger, drainMs = 0, shutdownTimeoutMs = 25_000 } = options;
  logger.info({ signal }, 'shutting down');
  try {
    app.get(Drain, { strict: false }).begin();
    server.turnAway();
    if (signal === 'SIGTERM') await wait(drainMs);
    setTimeout(() => {
      logger.error({ shutdownTimeoutMs }, 'shutdown took too long');
      process.exit(1);
    }, shutdownTimeoutMs).unref();
    await server.close();
    await app.close();
    logger.info('stopped');
    await stopTelemetry();
    process.exit(0);
  } catch (error) {
    logger.error({ err: error }, 'shutdown failed');
    process.exit(1);
  }
}

/**
 * Runs an entry point: what it throws is logged as `start failed` and ends the process with its `exitCode`, which tells a start that
 * trying again does not mend (`SchemaTooNew`, a restored database), and with 1 where it has none.
 */
export async function runMain(logger: () => Logger, main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    logger().fatal({ err: error }, 'start failed');
    const status = exitCodeOf(error);
    process.exitCode = status;
    // Half-started workers and pools would keep the process alive.
    setImmediate(() => process.exit(status));
  }
}

function exitCodeOf(error: unknown): number {
  return error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number'
    ? error.exitCode
    : 1;
}
