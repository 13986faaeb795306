import type { INestApplication } from '@nestjs/common';
import { NestFactory, Reflector } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { Logger as NestLogger } from 'nestjs-pino';
import type { Logger } from 'pino';
import type { RoutedApplication } from './allowed-methods.js';
import { ApiKeyGuard, type ApiKeyAuthenticator } from './api-key.guard.js';
import { FrameworkLogger } from './framework-logger.js';
import { buildOpenApiDocument, serveOpenApi, type OpenApiInfo } from './openapi.js';
import { ProblemFilter } from './problem.filter.js';
import type { ProblemCatalogue } from './problem-catalogue.js';
import { requireJson, sanityCheck, useJsonBody } from './request-body.js';
import { requestContextMiddleware } from './request-context.js';
import { requestLog } from './request-log.js';
import { requestMetrics } from './request-metrics.js';
import { admitMalformedTargets } from './request-target.js';
import { RequestValidationPipe } from './request-validation.pipe.js';
import { StartedAdapter } from './started-adapter.js';
import type { StartingServer } from './starting-server.js';

export const DEFAULT_BODY_LIMIT_BYTES = 100 * 1024;

/** What differs between our HTTP apps. */
export interface HttpAppOptions {
  readonly logger: Logger;
  readonly authenticator: ApiKeyAuthenticator;
  /** The app's own problem codes. */
  readonly catalogue?: ProblemCatalogue;
  readonly openApi: OpenApiInfo;
  /** 100 KiB unless given. */
  readonly bodyLimitBytes?: number;
}

/**
 * Creates the Nest app of a module with nothing of Nest's own body parsing, so that {@link configureHttpApp} can
 * install ours. Errors at creation are thrown, never turned into an exit.
 *
 * @param server answers until the app listens, and is then the app's. Default: a server of its own.
 */
export function createHttpApp(
  module: Parameters<typeof NestFactory.create>[0],
  server?: StartingServer,
): Promise<NestExpressApplication> {
  const adapter = server ? new StartedAdapter(server) : new ExpressAdapter();
  return NestFactory.create<NestExpressApplication>(module, adapter, {
    bodyParser: false,
    bufferLogs: true,
    abortOnError: false,
  });
}

/**
 * Installs everything that every request of every app goes through, in this order: request context, request log and metrics,
 * JSON body, target and text sanity, the key guard, the validation pipe; and the problem filter around all of it, and the
 * documentation. Call it once, between creating the app (with the module of {@link loggingModule}) and `listen`.
 */
export function configureHttpApp(app: NestExpressApplication, options: HttpAppOptions): void {
  app.useLogger(new FrameworkLogger(app.get(NestLogger)));
  app.disable('x-powered-by');
  // Entity tags name versions here; Express's own are hashes of bodies, and answer 304.
  app.disable('etag');
  admitMalformedTargets(app.getHttpServer());
  app.use(requestContextMiddleware, requestLog(options.logger), requestMetrics());
  app.use(requireJson);
  useJsonBody(app, options.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES);
  app.use(sanityCheck);
  app.useGlobalFilters(new ProblemFilter(options.catalogue ?? {}, options.logger, expressOf(app)));
  app.useGlobalGuards(new ApiKeyGuard(app.get(Reflector), options.authenticator));
  app.useGlobalPipes(new RequestValidationPipe());
  serveOpenApi(app, buildOpenApiDocument(app, options.openApi));
}

function expressOf(app: INestApplication): RoutedApplication {
  return app.getHttpAdapter().getInstance() as RoutedApplication;
}
