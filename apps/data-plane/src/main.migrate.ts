import { createLogger, runMain } from '@tenantry/service';
import { readMigrateConfig } from './config.js';
import { migrateClusters } from './migrate-clusters.js';

const logger = createLogger({ service: 'data-plane-migrate' });

await runMain(
  () => logger,
  async () => {
    const config = readMigrateConfig();
    logger.level = config.logLevel;
    await migrateClusters(config, logger);
  },
);
