import 'reflect-metadata';
import { dataPlaneStartNeeds } from '@tenantry/data-plane-kit/nest';
import {
  armCrashPoint,
  configureHttpApp,
  createHttpApp,
  createLogger,
  runMain,
  runService,
  startTelemetry,
  StartingServer,
} from '@tenantry/service';
import { ApiKeyHashes } from './api-key-hashes.js';
import { APP_INFO } from './app-info.js';
import { AppModule } from './app.module.js';
import { readServeConfig } from './config.js';
import { PROBLEMS } from './problems.js';
import { referenceService } from './reference-service.js';

let logger = createLogger({ service: 'data-plane' });

await runMain(
  () => logger,
  async () => {
    const config = readServeConfig();
    logger = createLogger({ service: 'data-plane', level: config.logLevel });
    armCrashPoint(config.crashAt);
    const { host, port, metricsPort } = config;
    await startTelemetry({
      service: config.participant,
      version: APP_INFO.version,
      host,
      port: metricsPort,
      logger,
    });
    const server = await StartingServer.listen({ logger, host, port });
    await server.untilMet(
      dataPlaneStartNeeds({ ...config, service: referenceService(config.participant), logger }),
    );
    const app = await createHttpApp(AppModule.forRoot(config, logger), server);
    configureHttpApp(app, {
      logger,
      authenticator: new ApiKeyHashes(config.apiKeyHashes),
      catalogue: PROBLEMS,
      openApi: APP_INFO,
    });
    await runService(app, {
      logger,
      host,
      port,
      drainMs: config.shutdownDrainMs,
      shutdownTimeoutMs: config.shutdownTimeoutMs,
    });
  },
);
