import 'reflect-metadata';
import { verifierStartNeeds } from '@tenantry/data-plane-kit/nest';
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
import { readVerifyConfig } from './verify/config.js';
import { VERIFY_INFO, VerifyModule } from './verify/verify.module.js';

let logger = createLogger({ service: 'verifier' });

await runMain(
  () => logger,
  async () => {
    const config = readVerifyConfig();
    logger = createLogger({ service: 'verifier', level: config.logLevel });
    armCrashPoint(config.crashAt);
    const { host, port, metricsPort } = config;
    await startTelemetry({
      service: config.participant,
      version: VERIFY_INFO.version,
      host,
      port: metricsPort,
      logger,
    });
    const server = await StartingServer.listen({ logger, host, port });
    await server.untilMet(verifierStartNeeds(config.databaseUrl, logger));
    const app = await createHttpApp(VerifyModule.forRoot(config, logger), server);
    // It has only the probes, which ask for no key: nobody has one.
    configureHttpApp(app, { logger, authenticator: new ApiKeyHashes([]), openApi: VERIFY_INFO });
    await runService(app, { logger, host, port, shutdownTimeoutMs: config.shutdownTimeoutMs });
  },
);
