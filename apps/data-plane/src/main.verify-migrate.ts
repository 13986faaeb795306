import { installVerifier, loginOf } from '@tenantry/data-plane-kit';
import { createLogger, runMain, untilDatabaseIsThere } from '@tenantry/service';
import { readVerifyMigrateConfig } from './verify/config.js';

const logger = createLogger({ service: 'verifier-migrate' });

await runMain(
  () => logger,
  async () => {
    const config = readVerifyMigrateConfig();
    logger.level = config.logLevel;
    await untilDatabaseIsThere(config.migrateUrl, config.migrateWaitMs, logger);
    const { applied, warnings } = await installVerifier(config.migrateUrl, {
      login: loginOf(config.databaseUrl),
      scans: config.scans,
    });
    for (const warning of warnings) logger.warn({ warning }, 'a protection could not be set up');
    logger.info({ applied }, 'migrated');
  },
);
