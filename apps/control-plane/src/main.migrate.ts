import { createLogger, runMain, untilDatabaseIsThere } from '@tenantry/service';
import { loginOf } from '@tenantry/database';
import { declareInstallation } from './database/declare-installation.js';
import { migrateControlPlane, participantLogins } from './database/migrate-control-plane.js';
import { loadMigrationConfig } from './config.js';
import { migrateArguments } from './epoch/migrate-arguments.js';
import { raiseRestored } from './epoch/raise-restored.js';
import { adoptMoved, noteFirstIdentity } from './identity/adopt-identity.js';
import { RestoredDatabase } from './identity/restored-database.js';

const logger = createLogger({ service: 'control-plane-migrate' });

await runMain(
  () => logger,
  async () => {
    const config = loadMigrationConfig();
    const { raiseEpoch, epoch, moved } = migrateArguments(process.argv.slice(2));
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
    const identity = await (moved ? adoptMoved : noteFirstIdentity)(config.adminUrl);
    if (moved) logger.info({ identity }, 'took the database for the one that was moved');
    else if (identity.kind === 'restored' && !raiseEpoch)
      logger.warn({ err: new RestoredDatabase(identity.why) }, 'nothing will start on this database');
    if (raiseEpoch) logger.info(await raiseRestored({ ...config, epoch, logger }), 'raised the epoch');
  },
);
