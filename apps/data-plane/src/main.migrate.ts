import { installKit, loginOf } from '@tenantry/data-plane-kit';
import { createLogger, runMain } from '@tenantry/service';
import { readMigrateConfig } from './config.js';
import { referenceService } from './reference-service.js';

const logger = createLogger({ service: 'data-plane-migrate' });

await runMain(
  () => logger,
  async () => {
    const config = readMigrateConfig();
    logger.level = config.logLevel;
    const { applied, warnings } = await installKit(config.migrateUrl, {
      appLogin: loginOf(config.databaseUrl),
      provisionerLogin: loginOf(config.provisionerUrl),
      service: referenceService(config.participant),
      signing: config.signing,
    });
    for (const warning of warnings) logger.warn({ warning }, 'a protection could not be set up');
    logger.info({ applied }, 'migrated');
  },
);
