import 'reflect-metadata';
import { armCrashPoint } from '@tenantry/kernel';
import {
  configureHttpApp,
  createHttpApp,
  createLogger,
  runMain,
  runService,
  startTelemetry,
  StartingServer,
  type ApiKeyAuthenticator,
} from '@tenantry/service';
import { KeyAuthenticator } from './api-keys/key-authenticator.js';
import { APP_INFO } from './app-info.js';
import { AppModule, type Parts } from './app.module.js';
import { loadConfig, loadSigningKey } from './config.js';
import { CONTROL_PLANE_PROBLEMS } from './control-plane.problems.js';
import { startNeeds } from './database/start-needs.js';

/** A process without the API has only the probes, which ask for no key. */
const NOBODY: ApiKeyAuthenticator = { authenticate: () => Promise.resolve(undefined) };

/** Runs a control-plane process with the given parts; every process answers the probes. */
export async function serve(parts: Parts): Promise<void> {
  let logger = createLogger({ service: 'control-plane' });
  await runMain(
    () => logger,
    async () => {
      const config = loadConfig();
      logger = createLogger({ service: 'control-plane', level: config.logLevel });
      armCrashPoint(config.crashAt);
      const { host, port, metricsPort } = config;
      await startTelemetry({
        service: 'control-plane',
        version: APP_INFO.version,
        host,
        port: metricsPort,
        logger,
      });
      const signingKey = parts.worker ? await loadSigningKey(config) : undefined;
      const server = await StartingServer.listen({ logger, host, port });
      await server.untilMet(startNeeds(config.databaseUrl, logger));
      const app = await createHttpApp(AppModule.forRoot(config, logger, parts, signingKey), server);
      configureHttpApp(app, {
        logger,
        authenticator: parts.api ? app.get(KeyAuthenticator, { strict: false }) : NOBODY,
        catalogue: CONTROL_PLANE_PROBLEMS,
        openApi: APP_INFO,
      });
      await runService(app, {
        logger,
        host,
        port,
        // Nobody sends requests to a process without the API, so there is nothing to wait for.
        drainMs: parts.api ? config.shutdownDrainMs : 0,
        shutdownTimeoutMs: config.shutdownTimeoutMs,
      });
    },
  );
}
