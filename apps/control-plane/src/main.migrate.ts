import { createLogger, runMain, untilDatabaseIsThere } from '@tenantry/service';
import { loginOf } from '@tenantry/database';
import { declareInstallation } from './database/declare-installation.js';
import { migrateControlPlane, participantLogins } from './database/migrate-control-plane.js';
import { loadMigrationConfig } from './config.js';
import { migrateArguments } from './epoch/migrate-arguments.js';
import { raiseRestored } from './epoch/raise-restored.js';

const logger = createLogger({ service: 'control-plane-migrate' });

await runMain(
  () => logger,
  async () => {
    const config = loadMigrationConfig();
    const { raiseEpoch, epoch } = migrateArguments(process.argv.slice(2));
    logger.level = config.logLevel;
    await untilDatabaseIsThere(config.adminUrl, config.migrateWaitMs, logger);
    const { applied, warnings } = await migrateControlPlane({
      adminUrl: config.adminUrl,
      service: loginOf(config.serviceUrl),
      participants: participantLogins(config.participantUrls ?? []),
    });
    const differences = await declareInstallation(config);
    for (const warning of warnings) logger.warn({ warning }, 'a protection could not be set up');
    for (const difference of differences)
      logger.warn({ difference }, 'something else holds than is configured');
    logger.info({ applied }, 'migrated');
    if (raiseEpoch) logger.info(await raiseRestored({ ...config, epoch, logger }), 'raised the epoch');
  },
);
