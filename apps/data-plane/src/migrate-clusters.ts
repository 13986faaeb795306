import { auditServiceDatabase, installKit, loginOf, secretOf, TenantLogins } from '@tenantry/data-plane-kit';
import type { Logger } from '@tenantry/service';
import type { FurtherCluster } from './clusters.config.js';
import type { MigrateConfig } from './config.js';
import { referenceService } from './reference-service.js';

/**
 * Installs the service in its database on every cluster that it has an administrator for, the service's own first. A cluster that cannot be
 * reached does not keep the others from it.
 *
 * @throws what the first cluster to fail has thrown, when all have been tried.
 */
export async function migrateClusters(config: MigrateConfig, logger: Logger): Promise<void> {
  const home: FurtherCluster = { ...config, migrateUrl: secretOf(config.migrateUrl) };
  const clusters = [[config.defaultCluster, home] as const, ...Object.entries(config.clusters)];
  const failures: unknown[] = [];
  for (const [cluster, access] of clusters) {
    try {
      await migrateCluster(cluster, access, config, logger);
    } catch (err) {
      failures.push(err);
      if (clusters.length > 1) logger.error({ err, cluster }, 'a cluster could not be migrated');
    }
  }
  if (failures.length > 0) throw failures[0];
}

async function migrateCluster(
  cluster: string,
  { databaseUrl, provisionerUrl, supportUrl, migrateUrl }: FurtherCluster,
  { defaultCluster, participant, signing, tenantLoginKeys, isolationAuditConfig }: MigrateConfig,
  logger: Logger,
): Promise<void> {
  if (!migrateUrl) {
    logger.info({ cluster }, 'no administrator is given for this cluster: somebody else migrates it');
    return;
  }
  const { applied, warnings } = await installKit(migrateUrl.read(), {
    appLogin: loginOf(databaseUrl.read()),
    provisionerLogin: loginOf(provisionerUrl.read()),
    supportLogin: supportUrl && loginOf(supportUrl.read()),
    isHome: cluster === defaultCluster,
    service: referenceService(participant),
    tenantDatabases: tenantLoginKeys && { cluster, logins: new TenantLogins(tenantLoginKeys) },
    signing,
  });
  for (const warning of warnings) logger.warn({ cluster, warning }, 'a protection could not be set up');
  logger.info({ cluster, applied }, 'migrated');
  await tellOpenHoles(cluster, migrateUrl.read(), participant, isolationAuditConfig, logger);
}

/** What a migration forgets is told before anyone has data in it. It has been applied by then, so nothing fails over it. */
async function tellOpenHoles(
  cluster: string,
  url: string,
  participant: string,
  configFile: string | undefined,
  logger: Logger,
): Promise<void> {
  try {
    const findings = await auditServiceDatabase(url, referenceService(participant), configFile);
    for (const finding of findings)
      logger.warn({ cluster, ...finding }, 'tenants are not kept apart as they should be');
  } catch (err) {
    logger.warn({ err, cluster }, 'the isolation could not be audited');
  }
}
