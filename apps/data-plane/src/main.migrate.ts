import { createLogger, runMain, untilDatabaseIsThere } from '@tenantry/service';
import { readMigrateConfig } from './config.js';
import { migrateClusters } from './migrate-clusters.js';

const logger = createLogger({ service: 'data-plane-migrate' });

await runMain(
  () => logger,
  async () => {
    const config = readMigrateConfig();
    logger.level = config.logLevel;
    // A further cluster that is away does not keep the others from it.
    await untilDatabaseIsThere(config.migrateUrl, config.migrateWaitMs, logger);
    await migrateClusters(config, logger);
  },
);
